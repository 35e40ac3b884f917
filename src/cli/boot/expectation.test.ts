import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createExpectation, withoutSequences } from "./expectation.ts";

describe("createExpectation()", () => {
  it("finds a text however the line is cut into pieces", () => {
    const line = Buffer.from("Debian \u001b[1mGNU\u001b[0m/Linux 13 höst \u001b]0;title\u0007tty\r\nhöst login: ");
    const cuts = fc.uniqueArray(fc.nat(line.length), { maxLength: 8 });
    fc.assert(
      fc.property(cuts, (places) => {
        const ends = [0, ...places.sort((a, b) => a - b), line.length];
        const expectation = createExpectation("GNU/Linux 13 höst tty\nhöst login:");
        const found = ends.slice(1).map((end, index) => expectation.add(line.subarray(ends[index], end)));
        expect(found.at(-1)).toBe(true);
      }),
    );
  });

  it("doesn't find what wasn't said, and keeps the last lines", () => {
    const expectation = createExpectation("login:");
    for (let line = 0; line < 5000; line += 1) expect(expectation.add(Buffer.from(`line ${line}\r\n`))).toBe(false);
    expect(expectation.lastLines()).toHaveLength(30);
    expect(expectation.lastLines().at(-1)).toBe("line 4999");
  });
});

describe("withoutSequences()", () => {
  it("leaves what a terminal shows", () => {
    expect(withoutSequences("\u001b[2J\u001b[01;01H\u001b(B\u001b[?25l\u001b[=3hok\u0007\tö\r\n\u001bM.")).toBe(
      "okö\n.",
    );
  });
});

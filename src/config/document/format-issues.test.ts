import { describe, expect, it } from "vitest";
import { codeFrame, formatIssues, IssuesError } from "./format-issues.ts";
import type { Issue } from "./issue.ts";

const TEXT = "image:\n\tname: a\nsystemConfig:\n  nmae: b\n";
const at = (line: number, column: number, length = 1) => ({ file: "t.yml", line, column, length });
const issue = (line: number, column: number, more: Partial<Issue> = {}): Issue => {
  return { code: "TEMPLATE_INVALID", path: "a", message: "is wrong", position: at(line, column), ...more };
};

describe("formatIssues()", () => {
  it("sorts by file, line and column, and shows each with a frame", () => {
    const more = { message: 'unknown key "nmae"', didYouMean: "name", hint: "fix it", position: at(4, 3, 4) };
    const lines = formatIssues([issue(4, 3, more), issue(1, 1, { expected: "a mapping" })], new Map([["t.yml", TEXT]]));
    expect(lines.join("\n")).toBe(
      [
        "t.yml:1:1: a: is wrong; expected a mapping",
        "  1 | image:",
        "    | ^",
        "",
        't.yml:4:3: unknown key "nmae"; did you mean "name"?',
        "  3 | systemConfig:",
        "  4 |   nmae: b",
        "    |   ^^^^",
        "  hint: fix it",
      ].join("\n"),
    );
  });

  it("says how many issues it does not show", () => {
    const lines = formatIssues(
      Array.from({ length: 60 }, (_, index) => issue(index + 1, 1)),
      new Map(),
    );
    expect(lines.at(-1)).toBe("... and 10 more");
  });

  it("shows no control characters of a hostile file", () => {
    const sources = new Map([["t.yml", "a: \u001b[31m\u202eb"]]);
    const text = formatIssues([issue(1, 1, { message: "\u001b]0;x" })], sources).join("\n");

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe("codeFrame()", () => {
  it("keeps tabs before the carets, so that both lines stand under each other", () => {
    expect(codeFrame(at(2, 2, 4), TEXT)).toEqual(["  1 | image:", "  2 | \tname: a", "    | \t^^^^"]);
  });

  it("cuts long lines and the carets with them", () => {
    const frame = codeFrame(at(1, 150, 5000), "x".repeat(10_000));
    expect(Math.max(...frame.map((line) => line.length))).toBeLessThan(180);
  });
});

describe("IssuesError", () => {
  it("takes the code that all issues share", () => {
    const codeOf = (...codes: Issue["code"][]) =>
      new IssuesError(
        "x",
        codes.map((code) => issue(1, 1, { code })),
        new Map(),
      ).code;
    expect(codeOf("TEMPLATE_UNSUPPORTED", "TEMPLATE_UNSUPPORTED")).toBe("TEMPLATE_UNSUPPORTED");
    expect(codeOf("TEMPLATE_SYNTAX", "TEMPLATE_UNSUPPORTED")).toBe("TEMPLATE_INVALID");
  });
});

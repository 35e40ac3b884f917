import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStanza, parseStanzas } from "./stanzas.ts";

describe("parseStanzas()", () => {
  it("reads fields, continuation lines and comments", () => {
    const text =
      "# head\n\nPackage: a\nDescription: short\n long\n .\n  indented\n# between\nDepends: b,\n c\n\n\nPackage:b\n";
    const [first, second, ...others] = parseStanzas(text);
    expect(first?.get("package")).toBe("a");
    expect(first?.get("DESCRIPTION")).toBe("short\nlong\n.\n indented");
    expect(first?.get("Depends")).toBe("b,\nc");
    expect(first?.fields.map(({ name, line }) => [name, line])).toEqual([
      ["Package", 3],
      ["Description", 4],
      ["Depends", 9],
    ]);
    expect(second?.get("Package")).toBe("b");
    expect(others).toEqual([]);
  });

  it("reads lines that end in CR LF", () => {
    expect(parseStanzas("A: 1\r\nB: 2\r\n\r\nA: 3\r\n").map((stanza) => stanza.get("a"))).toEqual(["1", "3"]);
  });

  it("has no field of Object's prototype", () => {
    expect(parseStanza("A: 1").get("constructor")).toBeUndefined();
  });

  it.each([
    ["a line that is no field", "A: 1\nwhat\n", "line 2 is no field"],
    ["a continuation of nothing", " x\nA: 1\n", "line 1 continues no field"],
    ["a field given twice", "A: 1\na: 2\n", 'line 2 gives the field "a" again'],
    ["a name with a blank", "A b: 1\n", "line 1 is no field"],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseStanzas(text)).toThrowError(message);
  });

  it("refuses more than its limits, with the caller's words and code", () => {
    const options = { object: 'the file "x"', invalid: "REPOSITORY_METADATA_INVALID" } as const;
    expect(() => parseStanzas("A: 1\nB: 2\n", { ...options, maxFields: 1 })).toThrowError(
      expect.objectContaining({ code: "REPOSITORY_METADATA_INVALID" }),
    );
    expect(() => parseStanzas("A: 1\nB: 2\n", { ...options, maxLength: 5 })).toThrowError('Cannot read the file "x"');
  });

  it("reads back fields of any values", () => {
    const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/), {
      minLength: 1,
      selector: (name) => name.toLowerCase(),
    });
    fc.assert(
      fc.property(names, fc.array(value, { minLength: 1, maxLength: 3 }), (fields, lines) => {
        const text = fields.map((name) => `${name}: ${lines.join("\n ")}\n`).join("");
        const stanza = parseStanza(text);
        for (const name of fields) expect(stanza.get(name)).toBe(lines.join("\n"));
      }),
    );
  });
});

describe("parseStanza()", () => {
  it("refuses no stanza, and a second one", () => {
    expect(() => parseStanza("\n# only a comment\n")).toThrowError("it is empty");
    expect(() => parseStanza("A: 1\n\nB: 2\n")).toThrowError("a second stanza begins at line 3");
  });
});

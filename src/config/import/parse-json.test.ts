import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "./parse-json.ts";
import type { SourceNode } from "./source-node.ts";

function valueOf(node: SourceNode | undefined): unknown {
  switch (node?.kind) {
    case "mapping":
      return Object.fromEntries(node.entries.map(({ key, node: value }) => [key, valueOf(value)]));
    case "list":
      return node.items.map(valueOf);
    case "text":
      return node.text;
    case "number":
      return Number(node.written);
    case "truth":
      return node.isTrue;
    default:
      return null;
  }
}

describe("parseJson()", () => {
  it("agrees with JSON.parse about values, and about what is none", () => {
    const texts = fc.oneof(
      { weight: 3, arbitrary: fc.json({ depthSize: "medium" }) },
      fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 })).map(([json, at, more]) => {
        const index = at % (json.length + 1);
        return json.slice(0, index) + more + json.slice(index + 1);
      }),
      fc.string({ unit: fc.constantFrom(..."{}[]\",:tfn0123456789.-eE \\u\n/'#") }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { node, fault } = parseJson(text, "a.json");
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(fault).toBeDefined();
          return;
        }
        expect(fault).toBeUndefined();
        expect(JSON.stringify(valueOf(node))).toBe(JSON.stringify(expected).toWellFormed());
      }),
      { numRuns: 3000 },
    );
  });

  it("knows where everything is", () => {
    const { node } = parseJson('{\n  "a": [1,\n    "two"]\r\n}', "a.json");
    if (node?.kind !== "mapping") throw new Error("no mapping");
    const [entry] = node.entries;
    expect(entry?.keySpan).toEqual({ file: "a.json", line: 2, column: 3, length: 3 });
    if (entry?.node.kind !== "list") throw new Error("no list");
    expect(entry.node.items.map(({ span }) => [span.line, span.column, span.length])).toEqual([
      [2, 9, 1],
      [3, 5, 5],
    ]);
  });

  it.each([
    ['{"a": 1,}', "a key in double quotes is expected here", "Remove the comma before it", 9],
    ["[1,]", "a value is expected here", "Remove the comma before it", 4],
    ["{'a': 1}", "a key in double quotes is expected here", "JSON has double quotes only", 2],
    ["[1 // one\n]", '"," or "]" is expected here', "JSON has no comments", 4],
    ["# x", "this is no JSON value", "JSON has no comments", 1],
    ['{"a" 1}', '":" is expected after a key', undefined, 6],
    ['["a', "a text is not closed", undefined, 2],
    ['["a\n"]', "a text has a line break or a control character", "Close its quotes, or write \\n", 2],
    ['["\\x"]', "a text has an unknown escape", undefined, 2],
    ["[01]", "this is no JSON value", undefined, 2],
    ["[True]", "this is no JSON value", undefined, 2],
    ["[1] 2", "there is more text after the end", undefined, 5],
    ["", "a value is missing at the end", undefined, 1],
    ["[".repeat(100), "nested deeper than 64 levels", undefined, 66],
  ])("refuses %j", (text, message, hint, column) => {
    expect(parseJson(text, "a.json").fault).toEqual({
      message,
      ...(hint === undefined ? {} : { hint }),
      span: { file: "a.json", line: 1, column, length: 1 },
    });
  });

  it("masks secrets, also in texts that are no JSON", () => {
    expect(parseJson('{"Password": "abc", "b": 1}', "a").text).toBe('{"Password": *****, "b": 1}');
    expect(parseJson('{"Password": {"x": ["abc"]}}', "a").text).not.toContain("abc");
    expect(parseJson('{"Password": "abc', "a").text).not.toContain("abc");
    expect(parseJson('{"Password": abc}', "a").text).not.toContain("abc");
  });
});

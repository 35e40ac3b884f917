import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { isSecretKey, parseSource } from "./parse-document.ts";
import { Positions } from "./positions.ts";

function parse(text: string) {
  const positions = new Positions();
  return { ...parseSource(text, "t.yml", "TEMPLATE_SYNTAX", positions), positions };
}

describe("parseSource()", () => {
  it("reads what the yaml package writes", () => {
    const key = fc.string({ maxLength: 8 }).filter((text) => text !== "<<" && !/\p{Cc}/u.test(text));
    const scalar = fc.oneof(key, fc.integer(), fc.boolean());
    const value = fc.letrec((tie) => ({
      node: fc.oneof(scalar, fc.array(tie("node"), { maxLength: 3 }), fc.dictionary(key, tie("node"), { maxKeys: 3 })),
    })).node;
    fc.assert(
      fc.property(value, (original) => {
        const { value: read, issues } = parse(stringify(original, { aliasDuplicateObjects: false }));
        expect(issues).toEqual([]);
        expect(read).toEqual(original);
      }),
    );
  });

  it("knows the place of every key and value", () => {
    const { value, positions } = parse("a:\n  - b: 1.0\n    c: [x, 'y']\n");
    expect(positions.find(value, ["a", 0, "b"])).toMatchObject({ line: 2, column: 8, length: 3 });
    expect(positions.find(value, ["a", 0, "b"], "key")).toMatchObject({ line: 2, column: 5, length: 1 });
    expect(positions.find(value, ["a", 0, "c", 1])).toMatchObject({ line: 3, column: 12, length: 3 });
    expect(positions.find(value, ["a", 0, "missing"])).toMatchObject({ line: 2, column: 5 });
  });

  it("counts columns after a byte order mark and with CRLF as an editor does", () => {
    const { issues } = parse("a: 1\r\nb: 2\r\na: 3\r\n");
    expect(issues).toMatchObject([{ position: { line: 3, column: 1 } }]);
  });

  it("masks secrets in the text for code frames, in every style", () => {
    const text =
      "password: geheim\nusers: [{ password: 'zwei', name: a }]\nwifi_passphrase: |\n  drei\n  vier\nname: b\n";
    const { text: masked } = parse(text);
    expect(masked).not.toMatch(/geheim|zwei|drei|vier/);
    expect(masked).toHaveLength(text.length);
    expect(masked).toContain("name: a");
    expect(masked).toContain("name: b");
  });

  it("masks a secret that was taken for a comment", () => {
    const { text, value } = parse("password: #geheim\nname: b # shown\n");
    expect(value).toEqual({ password: null, name: "b" });
    expect(text).toBe("password: *******\nname: b # shown\n");
  });

  it.each([
    ["a no-break space as indentation", "a:\n\u00a0\u00a0b: 1", "invisible character U+00A0 in a key", 2],
    ["a zero-width space", "ho\u200bst: 1", "invisible character U+200B in a key", 1],
    ["a byte order mark in the middle", "a: 1\n\ufeffb: 2", "invisible character U+FEFF in a key", 2],
    ["text in another order than it seems", "a: 'x\u202ey'", "invisible character U+202E in a text", 1],
    ["NUL in a key", "a\u0000: 1", "control character U+0000 in a key", 1],
    ["lines of old Macs", "a: 1\rb: 2\rc:\r  d: 3\r", "lines end in a carriage return alone", 1],
    ["an open quote", "a: 'x\nb: 1\n", "a quoted text does not end", 3],
    ["a text behind a quoted one", 'a: "b" c\n', "something follows the end of a value", 1],
    ["a tab as indentation", "a:\n\tb: 1", "a tab is used for indentation", 2],
    ["an open bracket", "a: [b\nc: d\n", "a list or mapping in brackets is not closed before this line", 2],
    ["a line without a colon", "a: |\nb\n", "a key without a colon", 2],
    ["a block that begins in its first line", "a: |b\n  c\n", "something follows | or >", 1],
    ["a second document", "a: 1\n---\nb: 2\n", "a second document starts here", 2],
    ["a key twice", "a: 1\nb: 2\na: 3\n", 'key "a" is given twice; first in line 1', 3],
    ["a merge key", "<<: b", 'the merge key "<<" is not supported', 1],
    ["a glob that is an alias", "a: *b", 'alias "*b": aliases are not supported', 1],
    ["a text that is a tag", "a: !b c", 'tag "!b": tags are not supported', 1],
  ])("has words for %s", (_, text, message, line) => {
    const { issues } = parse(text);
    expect(issues[0]).toMatchObject({ message, position: { line } });
  });

  it("allows what some languages need in texts", () => {
    expect(parse("a: 'une phrase\u00a0: na\u00efve \ud83d\udc69\u200d\ud83d\ude80'").issues).toEqual([]);
  });

  it("is quick with a hundred thousand keys", () => {
    const text = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join("\n");
    const before = process.cpuUsage();
    expect(parse(text).issues).toEqual([]);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(15_000);
  });

  it.each([
    ["deep flow lists", "[".repeat(100_000)],
    ["deep closed flow lists", `${"[".repeat(5_000)}${"]".repeat(5_000)}`],
    ["deep block lists", "- ".repeat(5_000)],
    ["an alias bomb", `a: &a [x]\nb: &b [${"*a,".repeat(50)}]\nc: [${"*b,".repeat(50)}]`],
    ["many anchors", "&a ".repeat(1_000)],
    ["a version that does not exist", "%YAML 9.9\n---\na: 1"],
    ["the version whose yes is true", "%YAML 1.1\n---\na: yes"],
    ["a key that is a mapping", "? { a: 1 }\n: 2"],
    ["a lone surrogate and NUL", 'a: "\\u0000"'],
    ["a self reference", "a: &a [*a]"],
  ])("refuses %s", (_, text) => {
    const { issues } = parse(text);
    expect(issues.length).toBeGreaterThan(0);
    expect(issues.every(({ position }) => position !== undefined && position.line > 0 && position.column > 0)).toBe(
      true,
    );
  });
});

describe("isSecretKey()", () => {
  it("also sees through spelling mistakes, but not in ages", () => {
    expect(["password", "pasword", "wifiPassword", "api_token", "passphrase"].filter(isSecretKey)).toHaveLength(5);
    expect(["passwordMaxAge", "passphraseFile", "name", "pkey"].filter(isSecretKey)).toEqual([]);
  });
});

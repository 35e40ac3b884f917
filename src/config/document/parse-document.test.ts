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

  it("is quick with a hundred thousand keys", () => {
    const text = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join("\n");
    const startedMs = performance.now();
    expect(parse(text).issues).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
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

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatGroup,
  formatGshadow,
  formatPasswd,
  formatShadow,
  formatSubIds,
  parseGroup,
  parseGshadow,
  parsePasswd,
  parseShadow,
  parseSubIds,
} from "./account-files.ts";

const field = fc.stringMatching(/^[a-z0-9_./ -]{0,12}$/);
const name = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/);
const id = fc.nat({ max: 65_535 });

const formats: readonly (readonly [string, fc.Arbitrary<string>, (text: string) => string])[] = [
  [
    "passwd",
    fc.tuple(name, field, id, id, field, field, field).map((fields) => `${fields.join(":")}\n`),
    (text) => formatPasswd(parsePasswd(text)),
  ],
  [
    "shadow",
    fc.tuple(name, ...Array.from({ length: 8 }, () => field)).map((fields) => `${fields.join(":")}\n`),
    (text) => formatShadow(parseShadow(text)),
  ],
  [
    "group",
    fc.tuple(name, field, id, fc.array(name)).map(([n, p, g, members]) => `${n}:${p}:${g}:${members.join(",")}\n`),
    (text) => formatGroup(parseGroup(text)),
  ],
  [
    "gshadow",
    fc
      .tuple(name, field, fc.array(name), fc.array(name))
      .map(([n, p, administrators, members]) => `${n}:${p}:${administrators.join(",")}:${members.join(",")}\n`),
    (text) => formatGshadow(parseGshadow(text)),
  ],
  [
    "subuid",
    fc.tuple(name, id, id).map((fields) => `${fields.join(":")}\n`),
    (text) => formatSubIds(parseSubIds("/etc/subuid", text)),
  ],
];

describe("account files", () => {
  it.each(formats)("%s is written as it was read", (_, line, rewrite) => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        expect(rewrite(lines.join(""))).toBe(lines.join(""));
      }),
    );
  });

  it("ignores empty lines", () => {
    expect(formatPasswd(parsePasswd("\nroot:x:0:0::/root:/bin/sh\n\n"))).toBe("root:x:0:0::/root:/bin/sh\n");
  });

  it("refuses a line with too few fields", () => {
    expect(() => parsePasswd("root:x:0\n")).toThrow(
      'Cannot read "/etc/passwd" of the image: line 1 has 3 fields instead of 7',
    );
  });

  it("refuses an id that is no number", () => {
    expect(() => parseGroup("root:x:-1:\n")).toThrow('line 1 has "-1" where an id is expected');
  });
});

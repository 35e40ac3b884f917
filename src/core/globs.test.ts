import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globMatcher, isGlob } from "./globs.ts";

describe("globMatcher()", () => {
  it.each([
    ["linux-image-*", "linux-image-amd64", true],
    ["linux-image-*", "linux-image-", true],
    ["*", "", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["lib[a-c]*[!0-9]", "libb2x", true],
    ["lib[a-c]*[!0-9]", "libb2", false],
    ["g++", "g++", true],
    ["a.c", "abc", false],
    ["[a", "[a", true],
    ["*a*b*c", "xaybzc", true],
    ["*a*b*c", "xaybz", false],
  ])("%s and %s: %s", (glob, text, expected) => expect(globMatcher(glob)(text)).toBe(expected));

  it("agrees with node's own globs", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "*", "?", "-"), maxLength: 12 });
    const name = fc.string({ unit: fc.constantFrom("a", "b", "c", "-"), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(letters, name, (glob, text) => {
        fc.pre(glob !== "" && !glob.includes("**"));
        expect(globMatcher(glob)(text)).toBe(path.matchesGlob(text, glob));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes no longer for a hostile glob", () => {
    expect(globMatcher("*a".repeat(2000))("a".repeat(1999))).toBe(false);
  });
});

describe("isGlob()", () => {
  it("tells globs from names", () =>
    expect(["a*", "a?", "[a]", "a-b+"].map(isGlob)).toEqual([true, true, true, false]));
});

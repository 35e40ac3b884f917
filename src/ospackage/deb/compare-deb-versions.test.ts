import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareDebVersions, versionSatisfies } from "./compare-deb-versions.ts";

const version = fc
  .tuple(
    fc.option(fc.nat(12), { nil: undefined }),
    fc.string({ unit: fc.constantFrom(..."0019abZ~.+-"), minLength: 1, maxLength: 8 }),
  )
  .map(([epoch, rest]) => (epoch === undefined ? rest : `${epoch}:${rest}`));

describe("compareDebVersions()", () => {
  it.each([
    ["1.0~rc1", "1.0"],
    ["1.0~~", "1.0~"],
    ["1.0~", "1.0"],
    ["1.0", "1.0a"],
    ["1.0a", "1.0+b1"],
    ["1.9", "1.10"],
    ["9.9-9", "1:0.1"],
    ["1.0-1", "1.0-1+b1"],
    ["1.0-1", "1.0-1.1"],
    ["1.2-3-1", "1.2-3-2"],
    ["1.0-1~bpo12+1", "1.0-1"],
    ["2.36-9+deb12u9", "2.36-9+deb12u10"],
    ["99999999999999999998", "99999999999999999999"],
  ])("orders %s before %s", (older, newer) => {
    expect(compareDebVersions(older, newer)).toBeLessThan(0);
    expect(compareDebVersions(newer, older)).toBeGreaterThan(0);
  });

  it.each([
    ["1.0", "0:1.0"],
    ["1.0", "1.0-0"],
    ["1.01", "1.1"],
    ["1.0", "1.0"],
    ["00:1", "1"],
  ])("takes %s and %s as equal", (a, b) => {
    expect(compareDebVersions(a, b)).toBe(0);
  });

  it("is a total order", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const sign = (x: string, y: string): number => Math.sign(compareDebVersions(x, y));
        expect(sign(a, a)).toBe(0);
        expect(sign(a, b) + sign(b, a)).toBe(0);
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
        if (sign(a, b) === 0) expect(sign(a, c)).toBe(sign(b, c));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("versionSatisfies()", () => {
  it.each([
    ["1.0", "<<", "1.1", true],
    ["1.1", "<<", "1.1", false],
    ["1.1", "<=", "1.1", true],
    ["1.1", "=", "1.1-0", true],
    ["1.1", "=", "1.2", false],
    ["1.1", ">=", "1.1", true],
    ["1.1", ">>", "1.1", false],
    ["1:0", ">>", "1.1", true],
  ] as const)("%s %s %s is %s", (candidate, operator, wanted, expected) => {
    expect(versionSatisfies(candidate, operator, wanted)).toBe(expected);
  });
});

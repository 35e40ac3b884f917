import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareEvrs, compareRpmVersions, parseEvr } from "./compare-rpm-versions.ts";
import { parseRpmRelation, parseRpmRelations } from "./rpm-relations.ts";

const version = fc.string({ unit: fc.constantFrom(..."0019aAb~^._+"), maxLength: 8 });

describe("compareRpmVersions()", () => {
  it("sorts versions as people expect", () => {
    const sorted = ["1~rc1", "1", "1^git1", "1.0", "1.0a", "1.0.1", "1.9", "1.10", "2"];
    expect(sorted.toReversed().sort(compareRpmVersions)).toEqual(sorted);
    expect(compareRpmVersions("1.0", "1_0")).toBe(0);
    expect(compareRpmVersions("1.001", "1.1")).toBe(0);
    expect(compareRpmVersions("99999999999999999999", "100000000000000000000")).toBe(-1);
  });

  it("is an order", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareRpmVersions(a, b)).toBe(0 - compareRpmVersions(b, a));
        if (compareRpmVersions(a, b) <= 0 && compareRpmVersions(b, c) <= 0) {
          expect(compareRpmVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe("compareEvrs()", () => {
  it("looks at the epoch first, and at releases only where both have one", () => {
    expect(compareEvrs("1:1-1", "2-1")).toBe(1);
    expect(compareEvrs("0:1-1", "1-1")).toBe(0);
    expect(compareEvrs("1-1", "1")).toBe(0);
    expect(compareEvrs("1-1", "1-2")).toBe(-1);
    expect(parseEvr("3:1.2-4.azl3")).toEqual({ epoch: "3", version: "1.2", release: "4.azl3" });
  });
});

describe("parseRpmRelations()", () => {
  it("reads capabilities, paths and rich dependencies", () => {
    const relations = parseRpmRelations("/bin/sh\tlib(x) >= 1:2-3\t(a if b else (c with d < 2))");
    expect(relations).toMatchObject([
      { kind: "capability", name: "/bin/sh", operator: undefined },
      { kind: "capability", name: "lib(x)", operator: ">=", evr: "1:2-3" },
      {
        kind: "rich",
        operator: "if",
        consequence: { name: "a" },
        condition: { name: "b" },
        otherwise: { kind: "rich", operator: "with", operands: [{ name: "c" }, { name: "d", evr: "2" }] },
      },
    ]);
    expect(parseRpmRelations("")).toEqual([]);
  });

  it("tells what it cannot read, whatever that is", () => {
    expect(parseRpmRelation("a >= 1 and b")).toMatchObject({ kind: "malformed" });
    expect(parseRpmRelation("(a and b or c)")).toMatchObject({ kind: "malformed", state: "it mixes operators" });
    expect(parseRpmRelation("(".repeat(100_000))).toMatchObject({ kind: "malformed" });
    const words = fc.array(fc.constantFrom("(", ")", " ", "a", "and", "if", "else", ">=", "1", ","), { maxLength: 30 });
    fc.assert(
      fc.property(words, (parts) => {
        expect(["capability", "rich", "malformed"]).toContain(parseRpmRelation(parts.join(" ")).kind);
      }),
    );
  });
});

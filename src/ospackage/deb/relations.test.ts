import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DebRelation, parseProvides, parseRelations } from "./relations.ts";

const plain = (name: string): DebRelation => ({
  name,
  archQualifier: undefined,
  operator: undefined,
  version: undefined,
});

describe("parseRelations()", () => {
  it("reads a conjunction of alternatives", () => {
    expect(parseRelations("a, b | c (>= 1:2.0-3~x),\n d:any")).toEqual([
      [plain("a")],
      [plain("b"), { ...plain("c"), operator: ">=", version: "1:2.0-3~x" }],
      [{ ...plain("d"), archQualifier: "any" }],
    ]);
  });

  it("reads every operator, with or without blanks", () => {
    const operators = parseRelations("a(<<1), a (<= 1), a( = 1 ), a (>=1), a (>> 1)").map(([r]) => r?.operator);
    expect(operators).toEqual(["<<", "<=", "=", ">=", ">>"]);
  });

  it("takes the older < and > as including equality", () => {
    expect(parseRelations("a (< 1), a (> 1)").map(([r]) => r?.operator)).toEqual(["<=", ">="]);
  });

  it("passes over architectures and profiles", () => {
    expect(parseRelations("a [amd64 !i386] <!nocheck> <cross stage1>, b:any (= 1) [any]")).toEqual([
      [plain("a")],
      [{ name: "b", archQualifier: "any", operator: "=", version: "1" }],
    ]);
  });

  it("finds nothing in empty text, and passes over empty items", () => {
    expect(parseRelations("")).toEqual([]);
    expect(parseRelations(" a, ,b, ")).toEqual([[plain("a")], [plain("b")]]);
  });

  it.each(["a (>= )", "a b", "a (1.0)", "a | ", "a (>= 1", "-a", "a (== 1)", "a; b"])("refuses %j", (text) => {
    expect(() => parseRelations(text)).toThrowError(expect.objectContaining({ code: "PACKAGE_FORMAT_INVALID" }));
  });

  it("reads back what it is given, or refuses it", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,9}$/);
    const operator = fc.constantFrom("<<" as const, "<=" as const, "=" as const, ">=" as const, ">>" as const);
    const versionText = fc.stringMatching(/^[0-9][a-z0-9.+~-]{0,6}$/);
    const relation = fc.tuple(name, fc.option(fc.tuple(operator, versionText)));
    fc.assert(
      fc.property(fc.array(fc.array(relation, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), (groups) => {
        const text = groups
          .map((group) => group.map(([n, v]) => (v === null ? n : `${n} (${v.join(" ")})`)).join(" | "))
          .join(", ");
        const expected = groups.map((group) =>
          group.map(([n, v]) => ({ ...plain(n), operator: v?.[0], version: v?.[1] })),
        );
        expect(parseRelations(text)).toEqual(expected);
      }),
    );
  });

  it("takes linear time for hostile text", () => {
    const before = process.cpuUsage();
    expect(() => parseRelations(`a${" ".repeat(50_000)}${"<x> ".repeat(20_000)}!`)).toThrow();
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });
});

describe("parseProvides()", () => {
  it("reads names with and without versions", () => {
    expect(parseProvides("mail-transport-agent, libfoo (= 2.0)")).toEqual([
      { name: "mail-transport-agent", version: undefined },
      { name: "libfoo", version: "2.0" },
    ]);
  });

  it.each(["a | b", "a (>= 1)"])("refuses %j", (text) => {
    expect(() => parseProvides(text)).toThrowError(expect.objectContaining({ code: "PACKAGE_FORMAT_INVALID" }));
  });
});

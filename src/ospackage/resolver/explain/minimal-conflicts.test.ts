import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDebProblem } from "../deb-problem.ts";
import type { Root } from "../package-request.ts";
import { solve } from "../solve.ts";
import { toyRepository, type ToyPackage } from "../toy-repository.ts";
import { minimalConflicts } from "./minimal-conflicts.ts";

const NAMES = ["a", "b", "c", "d", "e", "f"];

const relation = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom("", " (= 1)", " (>= 2)"))
  .map((parts) => parts.join(""));
const relations = (maxLength: number) => fc.array(relation, { maxLength }).map((list) => list.join(", "));
const toyPackage = fc.record({ depends: relations(2), conflicts: relations(2) });
const universe = fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom("1", "2"), toyPackage), {
  minLength: 6,
  maxLength: 12,
});

describe("minimalConflicts()", () => {
  it("finds sets that cannot be had, of which nothing can be left out, and that leave a solution when all are gone", () => {
    let found = 0;
    fc.assert(
      fc.property(universe, (drawn) => {
        const packages = new Map(
          drawn.map(([name, version, fields]): [string, ToyPackage] => [
            `${name} ${version}`,
            [`${name} ${version}`, fields],
          ]),
        );
        const names = [...new Set(drawn.map(([name]) => name))];
        const { provider, roots } = createDebProblem({
          repositories: [toyRepository([...packages.values()])],
          architecture: "amd64",
          requests: names.map((text) => ({ text, origin: "test" })),
          includeEssential: false,
        });
        const solved = (some: readonly Root[]) =>
          solve(
            provider,
            some.map(({ requirement }) => requirement),
          );
        const result = solved(roots);
        if (result.satisfiable) return;
        const conflicts = minimalConflicts(result.core, roots, () => true, provider);
        for (const { roots: own } of conflicts) {
          found += 1;
          expect(solved(own).satisfiable).toBe(false);
          for (const root of own) expect(solved(own.filter((other) => other !== root)).satisfiable).toBe(true);
        }
        const all = conflicts.flatMap((conflict) => conflict.roots);
        expect(new Set(all).size).toBe(all.length);
        expect(solved(roots.filter((root) => !all.includes(root))).satisfiable).toBe(true);
      }),
      { numRuns: 300, seed: 4 },
    );
    expect(found).toBeGreaterThan(100);
  });
});

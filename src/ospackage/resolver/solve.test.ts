import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { solve, type SolveResult } from "./solve.ts";
import type { SolvableId, SolverProvider } from "./solver-provider.ts";

/** A package at a version: its name, the ids that each of its requirements accepts, and the ids that it conflicts with. */
interface Solvable {
  readonly name: string;
  readonly requires?: readonly (readonly SolvableId[])[];
  readonly conflicts?: readonly SolvableId[];
}

interface Universe {
  readonly solvables: readonly Solvable[];
  readonly roots: readonly (readonly SolvableId[])[];
}

function solveUniverse({ solvables, roots }: Universe): SolveResult {
  const requirements: (readonly SolvableId[])[] = [];
  const requirementOn = (candidates: readonly SolvableId[]) => requirements.push(candidates) - 1;
  const needs = solvables.map(({ requires = [] }) => requires.map(requirementOn));
  const provider: SolverProvider = {
    candidates: (requirement) => requirements[requirement] ?? [],
    conditions: () => [],
    requirements: (solvable) => needs[solvable] ?? [],
    wishes: () => [],
    conflicts: (solvable) => solvables[solvable]?.conflicts ?? [],
    versions: (solvable) => [...solvables.keys()].filter((id) => solvables[id]?.name === solvables[solvable]?.name),
  };
  return solve(provider, roots.map(requirementOn));
}

function isSolution({ solvables, roots }: Universe, chosen: ReadonlySet<SolvableId>): boolean {
  const isFilled = (candidates: readonly SolvableId[]) => candidates.some((candidate) => chosen.has(candidate));
  const members = [...chosen].flatMap((id) => solvables[id] ?? []);
  return (
    roots.every(isFilled) &&
    members.every(({ requires = [] }) => requires.every(isFilled)) &&
    [...chosen].every((id) => (solvables[id]?.conflicts ?? []).every((other) => other === id || !chosen.has(other))) &&
    new Set(members.map(({ name }) => name)).size === members.length
  );
}

function hasSolution(universe: Universe): boolean {
  const ids = [...universe.solvables.keys()];
  for (let subset = 0; subset < 2 ** ids.length; subset += 1) {
    if (isSolution(universe, new Set(ids.filter((id) => (subset >> id) & 1)))) return true;
  }
  return false;
}

function arbitraryUniverse(size: number): fc.Arbitrary<Universe> {
  const id = fc.nat({ max: size - 1 });
  const candidates = fc.uniqueArray(id, { maxLength: 3 });
  const solvable = fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e"),
    requires: fc.array(candidates, { maxLength: 3 }),
    conflicts: fc.uniqueArray(id, { maxLength: 2 }),
  });
  return fc.record({
    solvables: fc.array(solvable, { minLength: size, maxLength: size }),
    roots: fc.array(fc.uniqueArray(id, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  });
}

/** Only what a core names: a universe without the other facts. */
function restrictedTo(universe: Universe, result: SolveResult & { readonly satisfiable: false }): Universe {
  let next = 0;
  const numbered = universe.solvables.map(({ requires = [] }) => requires.map(() => next++));
  const rootNumbers = universe.roots.map(() => next++);
  const has = (test: (origin: (typeof result.core)[number]) => boolean) => result.core.some(test);
  return {
    roots: universe.roots.filter((_, at) => has((o) => o.kind === "root" && o.requirement === rootNumbers[at])),
    solvables: universe.solvables.map(({ name, requires = [], conflicts = [] }, solvable) => ({
      name,
      requires: requires.filter((_, at) => {
        const requirement = numbered[solvable]?.[at];
        return has((o) => o.kind === "requires" && o.solvable === solvable && o.requirement === requirement);
      }),
      conflicts: conflicts.filter((other) =>
        has((o) => o.kind === "conflicts" && o.solvable === solvable && o.other === other),
      ),
    })),
  };
}

describe("solve()", () => {
  it("agrees with brute force on small universes, and its solutions hold", () => {
    fc.assert(
      fc.property(arbitraryUniverse(9), (universe) => {
        const result = solveUniverse(universe);
        expect(result.satisfiable).toBe(hasSolution(universe));
        if (result.satisfiable) expect(isSolution(universe, new Set(result.installed))).toBe(true);
      }),
      { numRuns: 1500, seed: 1 },
    );
  });

  it("gives a core that is unsatisfiable by itself", () => {
    let unsatisfiable = 0;
    fc.assert(
      fc.property(arbitraryUniverse(9), (universe) => {
        const result = solveUniverse(universe);
        if (result.satisfiable) return;
        unsatisfiable += 1;
        expect(hasSolution(restrictedTo(universe, result))).toBe(false);
      }),
      { numRuns: 1500, seed: 2 },
    );
    expect(unsatisfiable).toBeGreaterThan(300);
  });

  it("gives the same answer each time", () => {
    fc.assert(
      fc.property(arbitraryUniverse(12), (universe) => {
        expect(solveUniverse(universe)).toEqual(solveUniverse(universe));
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it("decides the earliest requirement first and takes its first candidate", () => {
    const solvables = [{ name: "a" }, { name: "b" }, { name: "c" }, { name: "d" }];
    const result = solveUniverse({
      solvables,
      roots: [
        [2, 0],
        [3, 2, 1],
        [1, 3],
      ],
    });
    expect(result).toMatchObject({ satisfiable: true, installed: [2, 1], decisions: 2 });
  });

  it("returns at once to the decision that matters", () => {
    // The first choice makes the last requirement impossible; a hundred free choices lie between them.
    const free = Array.from({ length: 200 }, (_, at) => ({ name: `free-${at}` }));
    const solvables = [...free, { name: "bad", conflicts: [202, 203] }, { name: "good" }, { name: "x" }, { name: "y" }];
    const choices = Array.from({ length: 100 }, (_, at) => [2 * at, 2 * at + 1]);
    const result = solveUniverse({ solvables, roots: [[200, 201], ...choices, [202, 203]] });
    expect(result.satisfiable && result.installed.includes(201)).toBe(true);
    expect(result.conflicts).toBeLessThanOrEqual(2);
  });

  it("goes through chains that are longer than the call stack", () => {
    const length = 30_000;
    const versionless: SolverProvider = {
      candidates: (requirement) => [requirement],
      conditions: () => [],
      wishes: () => [],
      requirements: (solvable) => (solvable + 1 < length ? [solvable + 1] : []),
      conflicts: () => [],
      versions: () => [],
    };
    const result = solve(versionless, [0]);
    expect(result.satisfiable && result.installed.length).toBe(length);
  });

  it("needs few conflicts at the phase transition of random 3-SAT", () => {
    const outcomes = Array.from({ length: 12 }, (_, seed) => solveUniverse(randomThreeSat(50, 213, seed + 1)));
    expect(new Set(outcomes.map(({ satisfiable }) => satisfiable))).toEqual(new Set([true, false]));
    expect(Math.max(...outcomes.map(({ conflicts }) => conflicts))).toBeLessThan(2_000);
  });

  it("needs few conflicts to see that seven pigeons do not fit into six holes", () => {
    const [pigeons, holes] = [7, 6];
    const at = (pigeon: number, hole: number) => pigeon * holes + hole;
    const solvables = Array.from({ length: pigeons * holes }, (_, id) => ({ name: `hole-${id % holes}` }));
    const roots = Array.from({ length: pigeons }, (_, pigeon) =>
      Array.from({ length: holes }, (_, hole) => at(pigeon, hole)),
    );
    const result = solveUniverse({ solvables, roots });
    expect(result.satisfiable).toBe(false);
    expect(result.conflicts).toBeLessThan(2_000);
  });
});

/** Each variable is a name with two versions, each clause a root requirement; near 4.26 clauses a variable it is hardest. */
function randomThreeSat(variables: number, clauses: number, seed: number): Universe {
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const clause = () => {
    const chosen = new Set<number>();
    while (chosen.size < 3) chosen.add(random(variables));
    return [...chosen].map((variable) => 2 * variable + random(2));
  };
  return {
    solvables: Array.from({ length: 2 * variables }, (_, id) => ({ name: `v${id >> 1}` })),
    roots: Array.from({ length: clauses }, clause),
  };
}

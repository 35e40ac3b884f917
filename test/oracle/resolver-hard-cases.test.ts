import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createDebProblem } from "../../src/ospackage/resolver/deb-problem.ts";
import { solve, type SolveResult } from "../../src/ospackage/resolver/solve.ts";
import { toyRepository, type ToyPackage } from "../../src/ospackage/resolver/toy-repository.ts";
import { seededRandom } from "./seeded-random.ts";

interface Outcome {
  readonly result: SolveResult;
  /** Names of the packages that are installed, with their versions. */
  readonly chosen: ReadonlyMap<string, string>;
}

function solvePackages(packages: readonly ToyPackage[], requests: readonly string[]): Outcome {
  const { provider, roots, unknown } = createDebProblem({
    repositories: [toyRepository(packages)],
    architecture: "amd64",
    requests: requests.map((text) => ({ text, origin: "test" })),
    includeEssential: false,
  });
  expect(unknown).toEqual([]);
  const result = solve(
    provider,
    roots.map(({ requirement }) => requirement),
  );
  const installed = result.satisfiable ? result.installed.map((id) => provider.pool.solvable(id).package) : [];
  return { result, chosen: new Map(installed.map(({ name, version }) => [name, version])) };
}

/** Three literals, each a number of a variable from 1 on, negative when negated. */
type Clause = readonly number[];

/** Random 3-SAT where half of the formulas have a solution, and which is hardest of all: 4.26 clauses for a variable. */
function randomFormula(variables: number, seed: number): readonly Clause[] {
  const random = seededRandom(seed);
  return Array.from({ length: Math.round(variables * 4.26) }, () => {
    const chosen = new Set<number>();
    while (chosen.size < 3) chosen.add(1 + random(variables));
    return [...chosen].map((variable) => (random(2) === 0 ? variable : -variable));
  });
}

const literalName = (literal: number) => (literal > 0 ? `yes-${literal}` : `no-${-literal}`);

/** A clause is a package with alternatives; the two values of a variable are packages that conflict. */
function formulaPackages(formula: readonly Clause[], variables: number): readonly ToyPackage[] {
  const values = Array.from({ length: variables }, (_, at): readonly ToyPackage[] => [
    [`yes-${at + 1} 1`, { conflicts: `no-${at + 1}` }],
    [`no-${at + 1} 1`],
  ]);
  const clauses = formula.map((clause, at): ToyPackage => [
    `clause-${at} 1`,
    { depends: clause.map(literalName).join(" | ") },
  ]);
  return [...values.flat(), ...clauses];
}

function hasPicosat(): boolean {
  return spawnSync("picosat", ["--version"]).status === 0;
}

/** What another solver says. */
function isSatisfiable(formula: readonly Clause[], variables: number): boolean {
  const lines = formula.map((clause) => `${clause.join(" ")} 0\n`).join("");
  const input = `p cnf ${variables} ${formula.length}\n${lines}`;
  const { status, stderr } = spawnSync("picosat", ["-n"], { input, encoding: "utf8" });
  if (status !== 10 && status !== 20) throw new Error(`picosat ended with ${status}: ${stderr}`);
  return status === 10;
}

describe("resolving hard cases", () => {
  it.skipIf(!hasPicosat()).each([
    { variables: 20, formulas: 60, limit: 60 },
    { variables: 50, formulas: 40, limit: 300 },
    { variables: 80, formulas: 20, limit: 2_500 },
    { variables: 100, formulas: 10, limit: 4_000 },
  ])(
    "agrees with picosat on 3-SAT of $variables variables at the phase transition, within $limit conflicts",
    ({ variables, formulas, limit }) => {
      const answers = { yes: 0, no: 0 };
      let worst = 0;
      for (let seed = 1; seed <= formulas; seed += 1) {
        const formula = randomFormula(variables, seed);
        const packages = formulaPackages(formula, variables);
        const requests = formula.map((_, at) => `clause-${at}`);
        const { result, chosen } = solvePackages(packages, requests);
        expect(result.satisfiable, `seed ${seed}`).toBe(isSatisfiable(formula, variables));
        worst = Math.max(worst, result.conflicts);
        answers[result.satisfiable ? "yes" : "no"] += 1;
        if (!result.satisfiable) continue;
        expect(formula.every((clause) => clause.some((literal) => chosen.has(literalName(literal))))).toBe(true);
        for (let at = 1; at <= variables; at += 1)
          expect(chosen.has(`yes-${at}`) && chosen.has(`no-${at}`)).toBe(false);
      }
      expect(worst).toBeLessThan(limit);
      expect(Math.min(answers.yes, answers.no)).toBeGreaterThan(0);
    },
  );

  it.each([
    { holes: 5, limit: 100 },
    { holes: 6, limit: 260 },
    { holes: 7, limit: 650 },
  ])("sees within $limit conflicts that one pigeon more does not fit into $holes holes", ({ holes, limit }) => {
    const numbers = Array.from({ length: holes + 1 }, (_, at) => at);
    const places = numbers.slice(0, holes);
    const packages: readonly ToyPackage[] = numbers.flatMap((pigeon) => [
      [`pigeon-${pigeon} 1`, { depends: places.map((hole) => `at-${pigeon}-${hole}`).join(" | ") }] as const,
      // Whoever sits in a hole provides it and conflicts with everybody else who does.
      ...places.map(
        (hole) => [`at-${pigeon}-${hole} 1`, { provides: `hole-${hole}`, conflicts: `hole-${hole}` }] as const,
      ),
    ]);
    const requests = numbers.map((pigeon) => `pigeon-${pigeon}`);
    const { result } = solvePackages(packages, requests);
    expect(result.satisfiable).toBe(false);
    expect(result.conflicts).toBeLessThan(limit);
    expect(solvePackages(packages, requests.slice(1)).result.satisfiable).toBe(true);
  });

  it.each([
    { operator: "=", limit: 20 },
    { operator: ">=", limit: 20 },
    { operator: "<=", limit: 1_200 },
  ])(
    "goes along 60 packages of 20 versions, each bound to the next by $operator, within $limit conflicts",
    ({ operator, limit }) => {
      const [length, versions] = [60, 20];
      // The last of the chain can be installed in one version alone, or in none.
      const chain = (possible: number | undefined): readonly ToyPackage[] =>
        Array.from({ length: length * versions }, (_, id): ToyPackage => {
          const [at, version] = [Math.floor(id / versions), (id % versions) + 1];
          const next = `link-${at + 1} (${operator} ${version})`;
          return [`link-${at} ${version}`, { depends: at + 1 < length ? next : version === possible ? "" : "missing" }];
        });
      const { result, chosen } = solvePackages(chain(7), ["link-0"]);
      const order = Array.from({ length }, (_, at) => Number(chosen.get(`link-${at}`)));
      const fits = { "=": (a: number, b: number) => b === a, ">=": (a: number, b: number) => b >= a }[operator];
      expect(order.every((version, at) => at === 0 || (fits ?? ((a, b) => b <= a))(order[at - 1] ?? 0, version))).toBe(
        true,
      );
      expect(order.at(-1)).toBe(7);
      expect(result.conflicts).toBeLessThan(limit);
      const impossible = solvePackages(chain(undefined), ["link-0"]).result;
      expect(impossible.satisfiable).toBe(false);
      expect(impossible.conflicts).toBeLessThan(limit);
    },
  );
});

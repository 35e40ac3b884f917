import { parseRelations, type DebOperator, type DebPackage } from "../../src/ospackage/index.ts";
import { pick, seededRandom } from "./seeded-random.ts";

/** What is asked for: a package, or some of its versions. */
export interface SetRoot {
  readonly name: string;
  readonly operator?: DebOperator;
  readonly version?: string;
}

export interface RootSet {
  readonly name: string;
  readonly kind: RootSetKind;
  readonly roots: readonly SetRoot[];
}

export type RootSetKind = "random" | "rivals" | "dependents of rivals" | "impossible version" | "two versions";

/** As a template has it. */
export function requestText({ name, operator, version }: SetRoot): string {
  return operator === undefined ? name : `${name}${operator}${version}`;
}

/** As a control file has it. */
export function relationText({ name, operator, version }: SetRoot): string {
  return operator === undefined ? name : `${name} (${operator} ${version})`;
}

/** Of twelve sets five hold something that cannot be had, in four ways. */
const KINDS: readonly RootSetKind[] = [
  ...(["random", "rivals", "random", "impossible version", "random", "dependents of rivals"] as const),
  ...(["random", "two versions", "random", "rivals", "random", "random"] as const),
];

/** Sets of 1 to `largest` random packages, some with one or two more that make them unsatisfiable; the same each time. */
export function randomRootSets(
  count: number,
  packages: readonly DebPackage[],
  seed: number,
  largest = 30,
): readonly RootSet[] {
  const random = seededRandom(seed);
  const rivals = rivalPairs(packages);
  const dependents = dependentPairs(packages);
  const provoke: Readonly<Record<RootSetKind, () => readonly SetRoot[]>> = {
    random: () => [],
    rivals: () => pick(rivals, random).map((name) => ({ name })),
    "dependents of rivals": () => pick(dependents, random).map((name) => ({ name })),
    "impossible version": () => {
      const { name } = pick(packages, random);
      return [{ name, operator: ">>", version: "99999:1" }];
    },
    "two versions": () => {
      const { name, version } = pick(packages, random);
      return [
        { name, operator: "<<", version },
        { name, operator: ">=", version },
      ];
    },
  };
  return Array.from({ length: count }, (_, at) => {
    const kind = KINDS[at % KINDS.length] ?? "random";
    const chosen = Array.from({ length: 1 + random(largest) }, () => ({ name: pick(packages, random).name }));
    return { name: `set-${at}`, kind, roots: [...chosen, ...provoke[kind]()] };
  });
}

type Pair = readonly [string, string];

/** A package and one that it conflicts with or breaks, in any version. */
function rivalPairs(packages: readonly DebPackage[]): readonly Pair[] {
  const names = new Set(packages.map(({ name }) => name));
  return packages.flatMap(({ name, conflicts, breaks }) => {
    return soleNames(`${conflicts},${breaks}`, { unversioned: true })
      .filter((rival) => rival !== name && names.has(rival))
      .map((rival): Pair => [name, rival]);
  });
}

/** Two packages that need two rivals: hardly ever installable together. */
function dependentPairs(packages: readonly DebPackage[]): readonly Pair[] {
  const dependentOf = new Map(
    packages.flatMap(({ name, depends }) => soleNames(depends).map((need) => [need, name] as const)),
  );
  return rivalPairs(packages).flatMap(([a, b]): readonly Pair[] => {
    const [first, second] = [dependentOf.get(a), dependentOf.get(b)];
    return first === undefined || second === undefined || first === second ? [] : [[first, second]];
  });
}

/** The names in a relation field that have no alternative. */
function soleNames(relations: string, { unversioned = false } = {}): readonly string[] {
  return parseRelations(relations).flatMap(([first, second]) =>
    first === undefined || second !== undefined || (unversioned && first.operator !== undefined) ? [] : [first.name],
  );
}

import { parseProvides, parseRelations, type DebPackage, type Resolution } from "../../src/ospackage/index.ts";

export interface OrderFaults {
  /** What comes too late, as `package: what it lacks`. */
  readonly faults: readonly string[];
  /** Needs that circles alone excuse. */
  readonly excused: number;
}

/**
 * What dpkg would lack if it configured each package in turn.
 *
 * A Depends may come later than the package only when it needs the package itself; a Pre-Depends only when it
 * pre-depends on it; what a Pre-Depends needs, only when that needs the package.
 */
export function orderFaults({ packages, edges }: Resolution<DebPackage>): OrderFaults {
  const position = new Map(packages.map(({ package: { name } }, at) => [name, at]));
  const isLate = (need: string, name: string) => (position.get(need) ?? -1) > (position.get(name) ?? -1);
  const needs = Map.groupBy(edges, ({ from }) => from);
  const preNeeds = Map.groupBy(
    edges.filter(({ kind }) => kind === "pre-depends"),
    ({ from }) => from,
  );
  const reach = (graph: typeof needs, start: string): ReadonlySet<string> => {
    const reached = new Set([start]);
    // The set grows while it is walked.
    for (const name of reached) for (const { to } of graph.get(name) ?? []) reached.add(to);
    return reached;
  };
  const reachable = new Map(packages.map(({ package: { name } }) => [name, reach(needs, name)]));
  const isCircle = (need: string, name: string) => reachable.get(need)?.has(name) === true;

  const faults: string[] = [];
  let excused = 0;
  const judge = (need: string, name: string, isExcused: boolean, words: string): void => {
    if (!isLate(need, name)) return;
    if (isExcused) excused += 1;
    else faults.push(`${name}: ${words} ${need}`);
  };
  for (const { from, to, kind } of edges) {
    judge(to, from, kind === "depends" ? isCircle(to, from) : reach(preNeeds, to).has(from), kind);
    if (kind === "depends") continue;
    for (const deep of reachable.get(to) ?? []) judge(deep, from, isCircle(deep, from), `${to} needs`);
  }
  return { faults: [...faults, ...unfilledPreDepends({ packages, edges })], excused };
}

/** Pre-Depends fields read anew, without the edges: each has to be filled by a package before, by name or Provides. */
function unfilledPreDepends({ packages }: Resolution<DebPackage>): readonly string[] {
  const present = new Set<string>();
  return packages.flatMap(({ package: { name, provides, preDepends } }) => {
    const missing = parseRelations(preDepends).filter((group) => !group.some((relation) => present.has(relation.name)));
    for (const known of [name, ...parseProvides(provides).map((provision) => provision.name)]) present.add(known);
    return missing.map((group) => `${name}: pre-depends on ${group.map((relation) => relation.name).join(" | ")}`);
  });
}

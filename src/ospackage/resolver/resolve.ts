import { compareCodeUnits } from "../../core/index.ts";
import type { IndexedPackage } from "../indexed-package.ts";
import { noSuchPackages } from "./explain/no-such-packages.ts";
import { findSolution, type Solution } from "./explain/solution.ts";
import { unsatisfiable } from "./explain/unsatisfiable.ts";
import { installationOrder, type OrderedPackage } from "./installation-order.ts";
import type { Solvable } from "./package-pool.ts";
import { ESSENTIAL_ORIGIN, type Problem } from "./problem.ts";
import type { SolvableId } from "./solver-provider.ts";

export interface ResolvedPackage<Package extends IndexedPackage = IndexedPackage> extends Solvable<Package> {
  /** The words of the first request that it fills. */
  readonly requestedAs?: string;
  /** Names of the packages that fill its Depends or Requires, in code unit order. */
  readonly dependsOn: readonly string[];
  /** Names of the packages that it needs in working order before it is installed itself, in code unit order. */
  readonly preDependsOn: readonly string[];
}

export interface DependencyEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "depends" | "pre-depends";
  /** The words of the first need that is filled so. */
  readonly requirement: string;
}

export interface Resolution<Package extends IndexedPackage = IndexedPackage> {
  /** In installation order. */
  readonly packages: readonly ResolvedPackage<Package>[];
  /** In the order of `packages`, then of the names that they point to. */
  readonly edges: readonly DependencyEdge[];
}

/**
 * Chooses the packages that fill what is asked for.
 *
 * @throws {RESOLVER_UNKNOWN_PACKAGE} naming every request that no repository can fill
 * @throws {RESOLVER_UNSATISFIABLE} with the smallest set of requests that exclude each other, and why
 */
export function resolve<Package extends IndexedPackage>(problem: Problem<Package>): Resolution<Package> {
  if (problem.unknown.length > 0) throw noSuchPackages(problem);
  const result = findSolution(problem.provider, problem.roots);
  if (!("solution" in result)) throw unsatisfiable(result.core, problem);
  return toResolution(result.solution, problem);
}

function toResolution<Package extends IndexedPackage>(
  solution: Solution,
  { pool }: Problem<Package>,
): Resolution<Package> {
  const requestedAs = requestedWords(solution);
  const byName = new Map<string, Node<Package>[]>();
  for (const id of solution.packages) {
    const solvable = pool.solvable(id);
    const { name } = solvable.package;
    const [depends, preDepends] = [edgesOf(id, "depends", solution), edgesOf(id, "pre-depends", solution)];
    const asked = requestedAs.get(id);
    const resolved: ResolvedPackage<Package> = {
      ...solvable,
      ...(asked === undefined ? {} : { requestedAs: asked }),
      dependsOn: depends.map(({ to }) => to),
      preDependsOn: preDepends.map(({ to }) => to),
    };
    byName.set(name, [...(byName.get(name) ?? []), { resolved, edges: [...preDepends, ...depends] }]);
  }
  const inOrder = installationOrder(orderedPackages(byName)).flatMap((name) => byName.get(name) ?? []);
  return { packages: inOrder.map(({ resolved }) => resolved), edges: inOrder.flatMap(({ edges }) => edges) };
}

interface Node<Package extends IndexedPackage> {
  readonly resolved: ResolvedPackage<Package>;
  readonly edges: readonly DependencyEdge[];
}

function requestedWords({ roots, fillerOf }: Solution): ReadonlyMap<SolvableId, string> {
  const words = new Map<SolvableId, string>();
  for (const { requirement, request } of roots) {
    const filler = fillerOf(requirement);
    if (filler === undefined || request.origin === ESSENTIAL_ORIGIN || words.has(filler)) continue;
    words.set(filler, request.text);
  }
  return words;
}

/** The packages that fill the needs of one kind, each once, in code unit order. */
function edgesOf(
  id: SolvableId,
  kind: DependencyEdge["kind"],
  { provider, fillerOf }: Solution,
): readonly DependencyEdge[] {
  const from = provider.facts(id).name;
  const edges = new Map<string, DependencyEdge>();
  for (const need of provider.needs(id)) {
    const filler = need.kind === kind ? fillerOf(need.requirement) : undefined;
    if (filler === undefined || filler === id) continue;
    const to = provider.facts(filler).name;
    if (!edges.has(to)) edges.set(to, { from, to, kind, requirement: provider.requirementText(need.requirement) });
  }
  return [...edges.values()].sort((a, b) => compareCodeUnits(a.to, b.to));
}

/** Packages that share a name (two kernels, two architectures) are ordered as one. */
function orderedPackages<Package extends IndexedPackage>(
  byName: ReadonlyMap<string, readonly Node<Package>[]>,
): readonly OrderedPackage[] {
  return [...byName].map(([name, sharing]) => ({
    name,
    dependsOn: sharing.flatMap(({ resolved }) => resolved.dependsOn),
    preDependsOn: sharing.flatMap(({ resolved }) => resolved.preDependsOn),
  }));
}

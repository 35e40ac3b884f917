import { compareCodeUnits } from "../../core/index.ts";
import type { DebPackage } from "../deb/index.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import type { DebPool } from "./deb-pool.ts";
import { createDebProblem, ESSENTIAL_ORIGIN, type ResolveDebOptions } from "./deb-problem.ts";
import type { DebProvider, DebRequirementField } from "./deb-provider.ts";
import { noSuchPackages } from "./explain/no-such-packages.ts";
import { unsatisfiable } from "./explain/unsatisfiable.ts";
import { installationOrder } from "./installation-order.ts";
import type { Root } from "./package-request.ts";
import { solve } from "./solve.ts";
import type { RequirementId, SolvableId } from "./solver-provider.ts";

export type { ResolveDebOptions } from "./deb-problem.ts";

export interface ResolvedPackage {
  readonly package: DebPackage;
  readonly repository: RepositoryIndex;
  /** The words of the first request that it fills. */
  readonly requestedAs?: string;
  /** Names of the packages that fill its Depends, in code unit order. */
  readonly dependsOn: readonly string[];
  /** Names of the packages that fill its Pre-Depends, in code unit order. */
  readonly preDependsOn: readonly string[];
}

export interface DependencyEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "depends" | "pre-depends";
}

export interface Resolution {
  /** In installation order. */
  readonly packages: readonly ResolvedPackage[];
  /** In the order of `packages`, then of the names that they point to. */
  readonly edges: readonly DependencyEdge[];
}

/**
 * Chooses the packages that a system needs, out of Debian repositories.
 *
 * Preference is apt's: alternatives in their order, unless a later one is there when a walk from the roots into the depth
 * arrives; higher repository priority, then newer versions; real packages before providers, of providers the one with the
 * more important Priority field, then the first by name (where apt takes the one that its index has last).
 * @throws {RESOLVER_UNKNOWN_PACKAGE} naming every request that no repository can fill
 * @throws {RESOLVER_UNSATISFIABLE} with the smallest set of requests that exclude each other, and why
 */
export function resolveDeb(options: ResolveDebOptions): Resolution {
  const problem = createDebProblem(options);
  const { provider, roots, unknown } = problem;
  if (unknown.length > 0) throw noSuchPackages(problem, options);
  const result = solve(
    provider,
    roots.map(({ requirement }) => requirement),
  );
  if (!result.satisfiable) throw unsatisfiable(result.core, problem, options);
  return toResolution(new Set(result.installed), roots, provider);
}

/** Keeps only what the roots reach, each requirement by its most preferred filler. */
function toResolution(installed: ReadonlySet<SolvableId>, roots: readonly Root[], provider: DebProvider): Resolution {
  const fillerOf = (requirement: RequirementId) => provider.candidates(requirement).find((id) => installed.has(id));
  const requestedAs = new Map<SolvableId, string>();
  const reached = new Set<SolvableId>();
  for (const { requirement, request } of roots) {
    const filler = fillerOf(requirement);
    if (filler === undefined) continue;
    reached.add(filler);
    if (request.origin !== ESSENTIAL_ORIGIN && !requestedAs.has(filler)) requestedAs.set(filler, request.text);
  }

  const needsOf = (id: SolvableId, field: DebRequirementField): readonly SolvableId[] => {
    const fillers = provider.requirementsOf(id, field).map(fillerOf);
    return [...new Set(fillers)].filter((filler): filler is SolvableId => filler !== undefined && filler !== id);
  };
  const packages = new Map<string, ResolvedPackage>();
  // The set grows while it is walked.
  for (const id of reached) {
    const [depends, preDepends] = [needsOf(id, "depends"), needsOf(id, "preDepends")];
    for (const need of [...preDepends, ...depends]) reached.add(need);
    const asked = requestedAs.get(id);
    const solvable = provider.pool.solvable(id);
    packages.set(solvable.package.name, {
      ...solvable,
      ...(asked === undefined ? {} : { requestedAs: asked }),
      dependsOn: namesOf(depends, provider.pool),
      preDependsOn: namesOf(preDepends, provider.pool),
    });
  }
  return inInstallationOrder(packages);
}

function namesOf(solvables: readonly SolvableId[], pool: DebPool): readonly string[] {
  return solvables.map((id) => pool.solvable(id).package.name).sort(compareCodeUnits);
}

function inInstallationOrder(byName: ReadonlyMap<string, ResolvedPackage>): Resolution {
  const nodes = [...byName].map(([name, { dependsOn, preDependsOn }]) => ({ name, dependsOn, preDependsOn }));
  const packages = installationOrder(nodes).flatMap((name) => byName.get(name) ?? []);
  const edges = packages.flatMap(({ package: { name }, preDependsOn, dependsOn }) => [
    ...preDependsOn.map((to): DependencyEdge => ({ from: name, to, kind: "pre-depends" })),
    ...dependsOn.map((to): DependencyEdge => ({ from: name, to, kind: "depends" })),
  ]);
  return { packages, edges };
}

import { compareCodeUnits } from "../../../core/index.ts";
import { ESSENTIAL_ORIGIN } from "../problem.ts";
import type { PackageRequest } from "../package-request.ts";
import { type Chain, shortestChains } from "./shortest-chains.ts";
import { compareSolutions, type SolutionDifference } from "./compare-solutions.ts";
import { findSolution, type PackageSizes, type Solution, sizesOf } from "./solution.ts";

/** What a system without one line of its template would lack. */
export interface LineSaving extends SolutionDifference {
  readonly request: PackageRequest;
  /** Why what the line asks for would stay: the shortest way to it without the line. */
  readonly keptBy?: Chain;
}

export interface Savings {
  readonly total: PackageSizes;
  /** What no line brings in: the essential packages and all that they need. */
  readonly base: PackageSizes;
  /** The most installed bytes first, then in the order of the requests. */
  readonly lines: readonly LineSaving[];
}

/** What removing each single line would save; found by resolving again without it. */
export function lineSavings(solution: Solution): Savings {
  const { provider, roots } = solution;
  const requests = [...new Set(roots.map(({ request }) => request))].filter(isLine);
  const baseRoots = roots.filter(({ request }) => !isLine(request));
  const base = findSolution(provider, baseRoots);
  return {
    total: sizesOf(solution),
    base: "solution" in base ? sizesOf(base.solution) : { packages: 0, sizeBytes: 0, installedSizeBytes: 0 },
    lines: requests
      .flatMap((request) => lineSaving(request, solution))
      .sort((a, b) => a.installedSizeBytes - b.installedSizeBytes),
  };
}

function isLine({ origin }: PackageRequest): boolean {
  return origin !== ESSENTIAL_ORIGIN;
}

function lineSaving(request: PackageRequest, solution: Solution): readonly LineSaving[] {
  const { provider, roots, fillerOf } = solution;
  const rest = findSolution(
    provider,
    roots.filter((root) => root.request !== request),
  );
  // Fewer requests cannot exclude each other when more of them don't.
  if (!("solution" in rest)) return [];
  const kept = roots
    .filter((root) => root.request === request)
    .flatMap(({ requirement }) => fillerOf(requirement) ?? [])
    .filter((id) => rest.solution.packages.has(id))
    .toSorted((a, b) => compareCodeUnits(provider.facts(a).name, provider.facts(b).name));
  const [keptBy] = kept.flatMap((id) => shortestChains(id, rest.solution).chains.slice(0, 1));
  return [{ request, ...compareSolutions(solution, rest.solution), ...(keptBy === undefined ? {} : { keptBy }) }];
}

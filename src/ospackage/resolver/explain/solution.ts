import type { ClauseOrigin } from "../clause.ts";
import type { Root } from "../package-request.ts";
import { solve } from "../solve.ts";
import type { RequirementId, SolvableId } from "../solver-provider.ts";
import type { ExplainedProvider } from "./explained-provider.ts";

/** Chosen packages and what they were chosen for. */
export interface Solution {
  readonly provider: ExplainedProvider;
  readonly roots: readonly Root[];
  /** What the roots reach, each after something that needs it. */
  readonly packages: ReadonlySet<SolvableId>;
  /** The chosen package that fills a requirement that counts; of several, the most preferred. */
  readonly fillerOf: (requirement: RequirementId) => SolvableId | undefined;
}

export type SolutionResult = { readonly solution: Solution } | { readonly core: readonly ClauseOrigin[] };

export function findSolution(provider: ExplainedProvider, roots: readonly Root[]): SolutionResult {
  const result = solve(
    provider,
    roots.map(({ requirement }) => requirement),
  );
  if (!result.satisfiable) return { core: result.core };
  const installed = new Set(result.installed);
  const fillerOf = (requirement: RequirementId) =>
    provider.conditions(requirement).every((id) => installed.has(id))
      ? provider.candidates(requirement).find((id) => installed.has(id))
      : undefined;
  const packages = new Set(roots.flatMap(({ requirement }) => fillerOf(requirement) ?? []));
  // The set grows while it is walked.
  for (const id of packages) {
    for (const { requirement } of provider.needs(id)) {
      const filler = fillerOf(requirement);
      if (filler !== undefined) packages.add(filler);
    }
  }
  return { solution: { provider, roots, packages, fillerOf } };
}

/** What packages come to. */
export interface PackageSizes {
  readonly packages: number;
  /** Of the package files. */
  readonly sizeBytes: number;
  readonly installedSizeBytes: number;
}

export function sizesOf({ provider, packages }: Solution): PackageSizes {
  const facts = [...packages].map((id) => provider.facts(id));
  return {
    packages: facts.length,
    sizeBytes: facts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    installedSizeBytes: facts.reduce((sum, { installedSizeBytes }) => sum + installedSizeBytes, 0),
  };
}

import { compareCodeUnits } from "../../core/index.ts";
import type { DebIndex, DebPackage } from "../deb/index.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import { createDebPool, type DebPool } from "./deb-pool.ts";
import { createDebProvider, type DebProvider } from "./deb-provider.ts";
import { selectDebPackages } from "./deb-request.ts";
import { explainDeb } from "./explain/explain-deb.ts";
import type { ExplainedProvider } from "./explain/explained-provider.ts";
import type { PackageRequest, Root, Selection } from "./package-request.ts";
import { changeOptions, ESSENTIAL_ORIGIN, type Problem, type ResolveOptions, rootsOf } from "./problem.ts";
import type { SolvableId } from "./solver-provider.ts";

export interface ResolveDebOptions extends ResolveOptions<DebIndex> {
  /** True for a system of its own: every Essential package and every one of Priority required is in it. */
  readonly includeEssential: boolean;
}

/** {@link Problem} with Debian's own sides. */
export interface DebProblem extends Problem<DebPackage> {
  readonly pool: DebPool;
  readonly provider: ExplainedProvider & DebProvider;
}

/** The roots are the essential packages, then the requests in their order. */
export function createDebProblem(options: ResolveDebOptions): DebProblem {
  const { repositories, architecture, requests, includeEssential, exclude = [], installWeak = false } = options;
  const pool = createDebPool({ repositories, architecture, exclude });
  const provider = createDebProvider(pool, installWeak);
  const select = (request: PackageRequest): Selection => selectDebPackages(request, pool);
  const { roots, unknown } = rootsOf(requests, select, (request, selection, candidates) =>
    requestRoot(request, selection, candidates, provider),
  );
  return {
    options,
    pool,
    provider: { ...provider, ...explainDeb(provider) },
    roots: [...(includeEssential ? essentialRoots(repositories, provider) : []), ...roots],
    unknown,
    select,
    again: (changes) => createDebProblem(changeOptions(options, changes)),
  };
}

function essentialRoots(repositories: readonly RepositoryIndex<DebIndex>[], provider: DebProvider): readonly Root[] {
  const names = repositories.flatMap(({ index }) =>
    [...index.essential(), ...index.required()].map(({ name }) => name),
  );
  return [...new Set(names)]
    .sort(compareCodeUnits)
    .filter((name) => provider.pool.versionsOf(name).some((id) => isEssential(provider.pool.solvable(id).package)))
    .map((name) => ({
      requirement: provider.requirementOn(name, provider.pool.versionsOf(name)),
      request: { text: name, origin: ESSENTIAL_ORIGIN },
    }));
}

function isEssential({ essential, priority }: DebPackage): boolean {
  return essential || priority === "required";
}

/** A request means the package of that name itself; others that provide the name fill it only where there is none. */
function requestRoot(
  request: PackageRequest,
  { name }: Selection,
  candidates: readonly SolvableId[],
  provider: DebProvider,
): Root {
  const named = candidates.filter((id) => provider.pool.solvable(id).package.name === name);
  return { requirement: provider.requirementOn(request.text, named.length > 0 ? named : candidates), request };
}

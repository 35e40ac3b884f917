import type { IndexedPackage, PackageIndex } from "../indexed-package.ts";
import type { RepositoryIndex, RepositorySource } from "../repository/repository.ts";
import type { ExplainedProvider } from "./explain/explained-provider.ts";
import type { PackagePool } from "./package-pool.ts";
import type { ExclusionLine } from "./exclusions.ts";
import type { PackageRequest, Root, Selection } from "./package-request.ts";
import type { SolvableId } from "./solver-provider.ts";
import type { UnknownRequest } from "./unknown-packages.ts";

/** What is asked for, and of whom; each family adds its own. */
export interface ResolveOptions<Index = PackageIndex> {
  readonly repositories: readonly RepositoryIndex<Index>[];
  /** In the distribution's words, for example `amd64` or `x86_64`. */
  readonly architecture: string;
  readonly requests: readonly PackageRequest[];
  /** What must not be installed. */
  readonly exclude?: readonly ExclusionLine[];
  /** Installs what packages recommend (and rpm's Supplements), as far as nothing stands against it; off by default. */
  readonly installWeak?: boolean;
}

/** What may be other when the same is asked once more. */
export interface ProblemChanges {
  readonly requests?: readonly PackageRequest[];
  readonly exclude?: readonly ExclusionLine[];
  /** Instead of those that the repositories have, in the same order. */
  readonly sources?: readonly RepositorySource[];
}

/** What is asked for, in the form that the solver and its explanations take; both package families adapt to it. */
export interface Problem<Package extends IndexedPackage = IndexedPackage> {
  readonly options: ResolveOptions;
  readonly pool: PackagePool<Package>;
  readonly provider: ExplainedProvider;
  /** What every system has, then the requests in their order. */
  readonly roots: readonly Root[];
  /** The requests that no repository can fill; `roots` has nothing for them. */
  readonly unknown: readonly UnknownRequest[];
  select(request: PackageRequest): Selection;
  again(changes: ProblemChanges): Problem;
}

/** The origin of a request that nobody made. */
export const ESSENTIAL_ORIGIN = "essential";

/** Options with what has changed. */
export function changeOptions<Index, Options extends ResolveOptions<Index>>(
  options: Options,
  { sources, ...changes }: ProblemChanges,
): Options {
  if (sources === undefined) return { ...options, ...changes };
  const repositories = options.repositories.map((repository, at) => ({
    ...repository,
    source: sources[at] ?? repository.source,
  }));
  return { ...options, ...changes, repositories };
}

/** The roots of requests, and the requests that have none. */
export function rootsOf(
  requests: readonly PackageRequest[],
  select: (request: PackageRequest) => Selection,
  toRoot: (request: PackageRequest, selection: Selection, candidates: readonly SolvableId[]) => Root,
): Pick<Problem, "roots" | "unknown"> {
  const selections = requests.map((request) => ({ request, selection: select(request) }));
  return {
    roots: selections.flatMap(({ request, selection }) =>
      selection.requirements.map((candidates) => toRoot(request, selection, candidates)),
    ),
    unknown: selections.filter(({ selection }) => selection.requirements.length === 0),
  };
}

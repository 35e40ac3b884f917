import { compareCodeUnits } from "../../core/index.ts";
import type { DebPackage } from "../deb/index.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import { createDebPool } from "./deb-pool.ts";
import { createDebProvider, type DebProvider } from "./deb-provider.ts";
import { selectPackages, type PackageRequest, type Root, type Selection } from "./package-request.ts";
import type { UnknownRequest } from "./unknown-packages.ts";

export interface ResolveDebOptions {
  readonly repositories: readonly RepositoryIndex[];
  /** In Debian's words, for example `amd64`. */
  readonly architecture: string;
  readonly requests: readonly PackageRequest[];
  /** True for a system of its own: every Essential package and every one of Priority required is in it. */
  readonly includeEssential: boolean;
  /** Names and globs of packages that must not be installed. */
  readonly exclude?: readonly string[];
}

/** What is asked for, in the form that the solver takes. */
export interface DebProblem {
  readonly provider: DebProvider;
  /** The essential packages, then the requests in their order. */
  readonly roots: readonly Root[];
  /** The requests that no repository can fill; `roots` has nothing for them. */
  readonly unknown: readonly UnknownRequest[];
}

/** The origin of a request that nobody made. */
export const ESSENTIAL_ORIGIN = "essential";

export function createDebProblem(options: ResolveDebOptions): DebProblem {
  const { repositories, architecture, requests, includeEssential, exclude = [] } = options;
  const pool = createDebPool({ repositories, architecture, exclude });
  const provider = createDebProvider(pool);
  const selections = requests.map((request) => ({ request, selection: selectPackages(request, pool) }));
  return {
    provider,
    roots: [
      ...(includeEssential ? essentialRoots(repositories, provider) : []),
      ...selections.flatMap(({ request, selection }) => requestRoots(request, selection, provider)),
    ],
    unknown: selections.filter(({ selection }) => selection.requirements.length === 0),
  };
}

function essentialRoots(repositories: readonly RepositoryIndex[], provider: DebProvider): readonly Root[] {
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
function requestRoots(request: PackageRequest, selection: Selection, provider: DebProvider): readonly Root[] {
  return selection.requirements.map((candidates) => {
    const named = candidates.filter((id) => provider.pool.solvable(id).package.name === selection.name);
    return { requirement: provider.requirementOn(request.text, named.length > 0 ? named : candidates), request };
  });
}

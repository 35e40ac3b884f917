import { compareCodeUnits, globMatcher } from "../../core/index.ts";
import type { IndexedPackage, PackageIndex } from "../indexed-package.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import type { SolvableId } from "./solver-provider.ts";
import { type ExclusionLine, formatExclusions, linesAbout } from "./exclusions.ts";

/** An index of packages of one family. */
type IndexOf<Package extends IndexedPackage> = Omit<PackageIndex, "byName"> & {
  byName(name: string): readonly Package[];
};

/** A package that may be installed, and where it comes from. */
export interface Solvable<Package extends IndexedPackage = IndexedPackage> {
  readonly package: Package;
  readonly repository: RepositoryIndex<PackageIndex>;
}

/** The packages that may be installed, out of all repositories; read from the indexes when first asked for. */
export interface PackagePool<Package extends IndexedPackage = IndexedPackage> {
  readonly architecture: string;
  solvable(id: SolvableId): Solvable<Package>;
  /** The packages of a name: higher repository priority first, then newer versions. */
  versionsOf(name: string): readonly SolvableId[];
  /** The packages that provide a name, most preferred first. */
  providersOf(name: string): readonly SolvableId[];
  /** Every name that a repository offers, in code unit order. */
  names(): readonly string[];
  /** What keeps a package out that a repository does have; undefined when none has it. */
  obstacleOf(name: string): string | undefined;
  /** Whether a package is for the system, as far as its architecture goes. */
  fits(candidate: IndexedPackage): boolean;
  compareVersions(a: string, b: string): number;
}

export interface PackageOffersOptions<Index> {
  readonly repositories: readonly RepositoryIndex<Index>[];
  /** Names and globs of packages that must not be installed. */
  readonly exclude: readonly ExclusionLine[];
  readonly compareVersions: (a: string, b: string) => number;
  /** Whether a package is for the system, as far as its architecture goes. */
  readonly fits: (candidate: IndexedPackage) => boolean;
  /** The same for packages of one name of which one is enough. */
  readonly identityOf: (candidate: IndexedPackage) => string;
}

/** What repositories may give: the rules that both families share. */
export interface PackageOffers<Index, Package extends IndexedPackage> {
  /** The indexes that may be asked. */
  readonly indexes: readonly Index[];
  /** The packages of a name that may be installed: higher repository priority first, then newer versions. */
  offersOf(name: string): readonly Solvable<Package>[];
  names(): readonly string[];
  obstacleOf(name: string): string | undefined;
}

/**
 * Priority before version before order: a repository with a higher priority is preferred to a newer version elsewhere, and
 * a version that several of the same priority have comes from the first of them. @see docs/architecture.md
 */
export function createPackageOffers<Package extends IndexedPackage, Index extends IndexOf<Package>>({
  repositories,
  exclude,
  compareVersions,
  fits,
  identityOf,
}: PackageOffersOptions<Index>): PackageOffers<Index, Package> {
  const excluded = nameFilter(exclude.map(({ text }) => text));
  const offering = repositories
    .filter(({ source }) => source.priority >= 0)
    .map((repository) => ({ repository, allows: allowedBy(repository) }));

  function offersOf(name: string): readonly Solvable<Package>[] {
    if (excluded(name)) return [];
    const found = offering
      .filter(({ allows }) => allows(name))
      .flatMap(({ repository }) =>
        repository.index
          .byName(name)
          .filter(fits)
          .map((candidate): Solvable<Package> => ({ package: candidate, repository })),
      )
      // Sorting is stable: what compares equal stays in the order of the repositories.
      .sort(
        (a, b) =>
          b.repository.source.priority - a.repository.source.priority ||
          compareVersions(b.package.version, a.package.version),
      );
    const seen = new Set<string>();
    return found.filter((candidate) => {
      const identity = identityOf(candidate.package);
      return !seen.has(identity) && seen.add(identity);
    });
  }

  function names(): readonly string[] {
    const all = offering.flatMap(({ repository, allows }) => [...repository.index.names()].filter(allows));
    return [...new Set(all)].filter((name) => !excluded(name)).sort(compareCodeUnits);
  }

  function obstacleOf(name: string): string | undefined {
    const owner = repositories.find(({ index }) => index.byName(name).length > 0);
    if (owner === undefined) return undefined;
    if (excluded(name))
      return `it is excluded by systemConfig.excludePackages ${formatExclusions(linesAbout(name, exclude))}`;
    if (owner.source.priority < 0) return `the priority of ${owner.source.id} is ${owner.source.priority}`;
    if (!allowedBy(owner)(name)) return `allowPackages of ${owner.source.id} leaves it out`;
    return `${owner.source.id} has it for other architectures only`;
  }

  return { indexes: offering.map(({ repository }) => repository.index), offersOf, names, obstacleOf };
}

function allowedBy({ source: { allowPackages } }: RepositoryIndex<PackageIndex>): (name: string) => boolean {
  return allowPackages === undefined ? () => true : nameFilter(allowPackages);
}

function nameFilter(globs: readonly string[]): (name: string) => boolean {
  const matchers = globs.map(globMatcher);
  return (name) => matchers.some((matches) => matches(name));
}

/** What a map has at a key; made and kept when it has nothing. */
export function cached<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

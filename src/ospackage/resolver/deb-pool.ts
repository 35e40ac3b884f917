import { compareCodeUnits, globMatcher } from "../../core/index.ts";
import {
  compareDebVersions,
  parseProvides,
  type DebPackage,
  type DebProvision,
  type DebRelation,
} from "../deb/index.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import { provisionFits, qualifierFits, versionFits, type RelationPurpose } from "./deb-relation.ts";
import type { SolvableId } from "./solver-provider.ts";

export interface DebSolvable {
  readonly package: DebPackage;
  readonly repository: RepositoryIndex;
}

/** The packages that may be installed, out of all repositories; read from the indexes when first asked for. */
export interface DebPool {
  readonly architecture: string;
  solvable(id: SolvableId): DebSolvable;
  /** The packages of a name: higher repository priority first, then newer versions. */
  versionsOf(name: string): readonly SolvableId[];
  /** The packages whose Provides has a name: by Priority field, then name, then as `versionsOf`. */
  providersOf(name: string): readonly SolvableId[];
  /** What fills a relation: packages of that name before providers of it. */
  matches(relation: DebRelation, purpose: RelationPurpose): readonly SolvableId[];
  /** Every name that a repository offers, in code unit order. */
  names(): readonly string[];
  /** What keeps a package out that a repository does have; undefined when none has it. */
  obstacleOf(name: string): string | undefined;
}

export interface DebPoolOptions {
  readonly repositories: readonly RepositoryIndex[];
  /** In Debian's words, for example `amd64`. */
  readonly architecture: string;
  /** Names and globs of packages that must not be installed. */
  readonly exclude: readonly string[];
}

/**
 * A version that several repositories have is one solvable, from the repository with the highest priority, of equal ones the first.
 */
export function createDebPool({ repositories, architecture, exclude }: DebPoolOptions): DebPool {
  const offers = repositories.filter(({ source }) => source.priority >= 0).map(toOffer);
  const excluded = nameFilter(exclude);
  const solvables: DebSolvable[] = [];
  const provides: (readonly DebProvision[])[] = [];
  const versionsByName = new Map<string, readonly SolvableId[]>();
  const providersByName = new Map<string, readonly SolvableId[]>();

  function solvable(id: SolvableId): DebSolvable {
    const found = solvables[id];
    if (found === undefined) throw new Error(`there is no solvable ${id}`);
    return found;
  }

  function versionsOf(name: string): readonly SolvableId[] {
    return cached(versionsByName, name, () => {
      if (excluded(name)) return [];
      const found = offers
        .filter(({ allows }) => allows(name))
        .flatMap(({ repository }) =>
          repository.index
            .byName(name)
            .filter((candidate) => candidate.architecture === architecture || candidate.architecture === "all")
            .map((candidate) => ({ package: candidate, repository })),
        )
        .sort(byPreference);
      const versions = new Set<string>();
      return found.flatMap((candidate) => {
        if (versions.has(candidate.package.version)) return [];
        versions.add(candidate.package.version);
        return [solvables.push(candidate) - 1];
      });
    });
  }

  function providersOf(name: string): readonly SolvableId[] {
    return cached(providersByName, name, () => {
      const owners = new Set(
        offers.flatMap(({ repository }) => repository.index.providersOf(name).map((owner) => owner.name)),
      );
      return [...owners]
        .sort(compareCodeUnits)
        .flatMap(versionsOf)
        .filter((id) => providedBy(id).some((provided) => provided.name === name))
        .sort((a, b) => priorityRank(solvable(a).package) - priorityRank(solvable(b).package));
    });
  }

  function providedBy(id: SolvableId): readonly DebProvision[] {
    return (provides[id] ??= parseProvides(solvable(id).package.provides));
  }

  function matches(relation: DebRelation, purpose: RelationPurpose): readonly SolvableId[] {
    const real = versionsOf(relation.name).filter((id) => versionFits(solvable(id).package.version, relation));
    const virtual = providersOf(relation.name).filter(
      (id) => !real.includes(id) && provisionFits(providedBy(id), relation),
    );
    return [...real, ...virtual].filter((id) => qualifierFits(relation, solvable(id).package, architecture, purpose));
  }

  function names(): readonly string[] {
    const all = offers.flatMap(({ repository, allows }) => [...repository.index.names()].filter(allows));
    return [...new Set(all)].filter((name) => !excluded(name)).sort(compareCodeUnits);
  }

  function obstacleOf(name: string): string | undefined {
    const owner = repositories.find(({ index }) => index.byName(name).length > 0);
    if (owner === undefined) return undefined;
    if (excluded(name)) return "it is excluded";
    if (owner.source.priority < 0) return `the priority of ${owner.source.id} is ${owner.source.priority}`;
    if (!toOffer(owner).allows(name)) return `allowPackages of ${owner.source.id} leaves it out`;
    return `${owner.source.id} has it for other architectures only`;
  }

  return { architecture, solvable, versionsOf, providersOf, matches, names, obstacleOf };
}

interface Offer {
  readonly repository: RepositoryIndex;
  readonly allows: (name: string) => boolean;
}

function toOffer(repository: RepositoryIndex): Offer {
  const { allowPackages } = repository.source;
  return { repository, allows: allowPackages === undefined ? () => true : nameFilter(allowPackages) };
}

function nameFilter(globs: readonly string[]): (name: string) => boolean {
  const matchers = globs.map(globMatcher);
  return (name) => matchers.some((matches) => matches(name));
}

/** Sorting is stable: what compares equal stays in the order of the repositories. */
function byPreference(a: DebSolvable, b: DebSolvable): number {
  return (
    b.repository.source.priority - a.repository.source.priority ||
    compareDebVersions(b.package.version, a.package.version)
  );
}

const PRIORITIES = ["required", "important", "standard", "optional", "extra"];

function priorityRank({ priority }: DebPackage): number {
  const rank = PRIORITIES.indexOf(priority);
  return rank === -1 ? PRIORITIES.length : rank;
}

function cached<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

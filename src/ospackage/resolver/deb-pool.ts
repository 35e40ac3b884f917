import { compareCodeUnits } from "../../core/index.ts";
import {
  compareDebVersions,
  parseProvides,
  type DebIndex,
  type DebPackage,
  type DebProvision,
  type DebRelation,
} from "../deb/index.ts";
import type { IndexedPackage } from "../indexed-package.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import { provisionFits, qualifierFits, versionFits, type RelationPurpose } from "./deb-relation.ts";
import { cached, createPackageOffers, type PackagePool, type Solvable } from "./package-pool.ts";
import type { SolvableId } from "./solver-provider.ts";
import type { ExclusionLine } from "./exclusions.ts";

/** Debian packages that may be installed; providers come by Priority field, then name, then as `versionsOf`. */
export interface DebPool extends PackagePool<DebPackage> {
  /** What fills a relation: packages of that name before providers of it. */
  matches(relation: DebRelation, purpose: RelationPurpose): readonly SolvableId[];
}

export interface DebPoolOptions {
  readonly repositories: readonly RepositoryIndex<DebIndex>[];
  /** In Debian's words, for example `amd64`. */
  readonly architecture: string;
  /** Names and globs of packages that must not be installed. */
  readonly exclude: readonly ExclusionLine[];
}

export function createDebPool({ repositories, architecture, exclude }: DebPoolOptions): DebPool {
  const offers = createPackageOffers<DebPackage, DebIndex>({
    repositories,
    exclude,
    compareVersions: compareDebVersions,
    fits,
    identityOf: ({ version }) => version,
  });
  const solvables: Solvable<DebPackage>[] = [];
  const provides: (readonly DebProvision[])[] = [];
  const versionsByName = new Map<string, readonly SolvableId[]>();
  const providersByName = new Map<string, readonly SolvableId[]>();

  function fits(candidate: IndexedPackage): boolean {
    return candidate.architecture === architecture || candidate.architecture === "all";
  }

  function solvable(id: SolvableId): Solvable<DebPackage> {
    const found = solvables[id];
    if (found === undefined) throw new Error(`there is no solvable ${id}`);
    return found;
  }

  function versionsOf(name: string): readonly SolvableId[] {
    return cached(versionsByName, name, () => offers.offersOf(name).map((candidate) => solvables.push(candidate) - 1));
  }

  function providersOf(name: string): readonly SolvableId[] {
    return cached(providersByName, name, () => {
      const owners = new Set(offers.indexes.flatMap((index) => index.providersOf(name).map((owner) => owner.name)));
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

  return {
    architecture,
    solvable,
    versionsOf,
    providersOf,
    matches,
    names: () => offers.names(),
    obstacleOf: (name) => offers.obstacleOf(name),
    fits,
    compareVersions: compareDebVersions,
  };
}

const PRIORITIES = ["required", "important", "standard", "optional", "extra"];

function priorityRank({ priority }: DebPackage): number {
  const rank = PRIORITIES.indexOf(priority);
  return rank === -1 ? PRIORITIES.length : rank;
}

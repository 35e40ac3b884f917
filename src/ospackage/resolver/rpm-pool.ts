import { compareCodeUnits } from "../../core/index.ts";
import type { IndexedPackage } from "../indexed-package.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import { compareEvrs } from "../rpm/compare-rpm-versions.ts";
import { capabilitiesOverlap, type RpmCapability } from "../rpm/rpm-capability.ts";
import type { RpmIndex, RpmPackage } from "../rpm/rpm-index.ts";
import { cached, createPackageOffers, type PackagePool, type Solvable } from "./package-pool.ts";
import {
  capabilitiesIn,
  isInstallOnly,
  ownCapability,
  type Provisions,
  provisionsOf,
} from "./rpm-package-capabilities.ts";
import { bestRpmCandidates, orderRpmCandidates, type RpmCandidate, type RpmComparison } from "./rpm-preference.ts";
import type { SolvableId } from "./solver-provider.ts";
import type { ExclusionLine } from "./exclusions.ts";

/** RPM packages that may be installed. */
export interface RpmPool extends PackagePool<RpmPackage> {
  /** What fills a capability: packages of that name, that provide it, or that have the file. */
  matches(capability: RpmCapability): readonly SolvableId[];
  /** The packages that an entry of Obsoletes means: by their names alone. */
  obsoletedBy(entry: RpmCapability): readonly SolvableId[];
  /** The packages whose Obsoletes mean a package, in the order of preference. */
  obsoletersOf(solvable: SolvableId): readonly SolvableId[];
  obsoletes(solvable: SolvableId, other: SolvableId): boolean;
  /** The packages of Supplements. */
  supplementing(): readonly SolvableId[];
  /** Solvables as dnf would choose: most preferred first, each once. */
  inOrder(solvables: readonly SolvableId[]): readonly SolvableId[];
  /** Of solvables, those that nothing sets below another one of them, in the order of {@link inOrder}. */
  best(solvables: readonly SolvableId[]): readonly SolvableId[];
  /** By repository, then by file name: as createrepo_c puts packages into metadata. */
  compareFiles(first: SolvableId, second: SolvableId): number;
  /** Whether a package is for another architecture than the system's own. */
  isForeign(solvable: SolvableId): boolean;
  /** Whether several versions can be installed side by side. */
  isInstallOnly(solvable: SolvableId): boolean;
}

export interface RpmPoolOptions {
  readonly repositories: readonly RepositoryIndex<RpmIndex>[];
  /** In rpm's words, for example `x86_64`. */
  readonly architecture: string;
  /** Further architectures that requests name: `i686`. */
  readonly foreign: ReadonlySet<string>;
  readonly exclude: readonly ExclusionLine[];
  /** Told of paths that were asked for and that only complete file lists could tell the owners of. */
  readonly onUnknownOwner: (path: string) => void;
}

export function createRpmPool({
  repositories,
  architecture,
  foreign,
  exclude,
  onUnknownOwner,
}: RpmPoolOptions): RpmPool {
  const offers = createPackageOffers<RpmPackage, RpmIndex>({
    repositories,
    exclude,
    compareVersions: compareEvrs,
    fits,
    identityOf: ({ version, architecture: own }) => `${version}.${own}`,
  });
  const solvables: Solvable<RpmPackage>[] = [];
  const provisions: Provisions[] = [];
  const obsoleteEntries: (readonly RpmCapability[])[] = [];
  const versionsByName = new Map<string, readonly SolvableId[]>();
  const providersByName = new Map<string, readonly SolvableId[]>();
  const matchesByText = new Map<string, readonly SolvableId[]>();
  const bestByIds = new Map<string, readonly SolvableId[]>();
  const repositoryRanks = new Map<unknown, number>(repositories.map((repository, rank) => [repository, rank]));
  const comparison: RpmComparison = {
    obsoletes,
    isOld,
    provisionsOf: (id) => [...providedBy(id).values()].flat(),
  };

  function fits(candidate: IndexedPackage): boolean {
    return [architecture, "noarch"].includes(candidate.architecture) || foreign.has(candidate.architecture);
  }

  function solvable(id: SolvableId): Solvable<RpmPackage> {
    const found = solvables[id];
    if (found === undefined) throw new Error(`there is no solvable ${id}`);
    return found;
  }

  function nameOf(id: SolvableId): string {
    return solvable(id).package.name;
  }

  function versionsOf(name: string): readonly SolvableId[] {
    return cached(versionsByName, name, () =>
      inOrder(offers.offersOf(name).map((candidate) => solvables.push(candidate) - 1)),
    );
  }

  /** The solvables among which packages of indexes are; a package that its repository may not give has none. */
  function solvablesOf(packages: readonly RpmPackage[]): readonly SolvableId[] {
    const identities = new Set(packages.map(identityOf));
    const names = new Set(packages.map(({ name }) => name));
    return [...names].flatMap(versionsOf).filter((id) => identities.has(identityOf(solvable(id).package)));
  }

  function providersOf(name: string): readonly SolvableId[] {
    return cached(providersByName, name, () => {
      const isPath = name.startsWith("/");
      const providers = offers.indexes.flatMap((index) => index.providersOf(name));
      const owners = isPath ? offers.indexes.flatMap((index) => index.ownersOf(name)) : [];
      if (isPath && providers.length === 0 && owners.length === 0) {
        if (!offers.indexes.every((index) => index.knowsOwnersOf(name))) onUnknownOwner(name);
      }
      return inOrder([...solvablesOf(providers), ...solvablesOf(owners)]);
    });
  }

  function providedBy(id: SolvableId): Provisions {
    return (provisions[id] ??= provisionsOf(solvable(id).package));
  }

  function matches(capability: RpmCapability): readonly SolvableId[] {
    const { name, text } = capability;
    return cached(matchesByText, text, () => {
      const candidates = [...versionsOf(name), ...providersOf(name)];
      return inOrder(
        candidates.filter((id) => {
          // What has a file does not say so in its Provides.
          const provided = providedBy(id).get(name);
          return provided === undefined || provided.some((provision) => capabilitiesOverlap(provision, capability));
        }),
      );
    });
  }

  function obsoletesOf(id: SolvableId): readonly RpmCapability[] {
    return (obsoleteEntries[id] ??= capabilitiesIn(solvable(id).package.obsoletes));
  }

  function obsoletedBy(entry: RpmCapability): readonly SolvableId[] {
    return versionsOf(entry.name).filter((id) => capabilitiesOverlap(ownCapability(solvable(id).package), entry));
  }

  function obsoletes(id: SolvableId, other: SolvableId): boolean {
    const { package: target } = solvable(other);
    if (target.name === nameOf(id)) return false;
    return obsoletesOf(id).some(
      (entry) => entry.name === target.name && capabilitiesOverlap(ownCapability(target), entry),
    );
  }

  function obsoletersOf(id: SolvableId): readonly SolvableId[] {
    const found = offers.indexes.flatMap((index) => index.obsoletersOf(nameOf(id)));
    return inOrder(solvablesOf(found).filter((other) => obsoletes(other, id)));
  }

  function supplementing(): readonly SolvableId[] {
    return offers
      .names()
      .flatMap(versionsOf)
      .filter((id) => solvable(id).package.supplements !== "");
  }

  function inOrder(ids: readonly SolvableId[]): readonly SolvableId[] {
    const distinct = [...new Set(ids)];
    return distinct.length < 2 ? distinct : orderRpmCandidates(distinct.map(toCandidate), comparison);
  }

  function toCandidate(id: SolvableId): RpmCandidate {
    const { package: found, repository } = solvable(id);
    return {
      id,
      name: found.name,
      version: found.version,
      priority: repository.source.priority,
      isForeign: isForeign(id),
    };
  }

  function isForeign(id: SolvableId): boolean {
    return foreign.has(solvable(id).package.architecture);
  }

  function isOld(id: SolvableId): boolean {
    const own = toCandidate(id);
    return versionsOf(own.name).some((other) => {
      const { priority, version, isForeign: isOtherForeign } = toCandidate(other);
      if (isOtherForeign !== own.isForeign) return false;
      return priority === own.priority ? compareEvrs(version, own.version) > 0 : priority > own.priority;
    });
  }

  function best(ids: readonly SolvableId[]): readonly SolvableId[] {
    return cached(bestByIds, ids.join(), () => bestRpmCandidates(ids.map(toCandidate), comparison));
  }

  function compareFiles(first: SolvableId, second: SolvableId): number {
    const [a, b] = [solvable(first), solvable(second)];
    return (
      (repositoryRanks.get(a.repository) ?? 0) - (repositoryRanks.get(b.repository) ?? 0) ||
      compareCodeUnits(fileNameOf(a.package), fileNameOf(b.package)) ||
      compareCodeUnits(a.package.path, b.package.path)
    );
  }

  return {
    architecture,
    solvable,
    versionsOf,
    providersOf,
    matches,
    obsoletedBy,
    obsoletersOf,
    obsoletes,
    supplementing,
    inOrder,
    best,
    compareFiles,
    isForeign,
    isInstallOnly: (id) => isInstallOnly(providedBy(id)),
    names: () => offers.names(),
    obstacleOf: (name) => offers.obstacleOf(name),
    fits,
    compareVersions: compareEvrs,
  };
}

function fileNameOf({ path }: RpmPackage): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function identityOf({ name, version, architecture }: RpmPackage): string {
  return `${name}-${version}.${architecture}`;
}

import { compareCodeUnits } from "../../core/index.ts";
import { digestOf, type IndexedPackage } from "../indexed-package.ts";
import type { RpmIndex, RpmPackage } from "./rpm-index.ts";

/** A package and everything that it has a file or directory at. */
export interface PackageWithFiles {
  readonly package: RpmPackage;
  readonly paths: readonly string[];
}

/** An index of packages that are known without metadata. */
export function rpmIndexOf(packages: readonly PackageWithFiles[]): RpmIndex {
  const names = lists(packages, ({ package: { name } }) => [name]);
  const provided = lists(packages, (each) => entryNames(each.package.provides));
  const obsoleted = lists(packages, (each) => entryNames(each.package.obsoletes));
  const owners = lists(packages, ({ paths }) => paths);
  const from = (map: ReadonlyMap<string, readonly RpmPackage[]>) => (key: string) => map.get(key) ?? [];
  return {
    packageCount: packages.length,
    hasFileLists: true,
    names: () => [...names.keys()].sort(compareCodeUnits),
    byName: from(names),
    providersOf: from(provided),
    obsoletersOf: from(obsoleted),
    ownersOf: from(owners),
    withDigest: (digest) => packages.flatMap((entry) => (digestOf(entry.package) === digest ? entry.package : [])),
  };
}

/** An index of only the packages that a test lets pass. */
export function restrictRpmIndex(index: RpmIndex, isWanted: (candidate: IndexedPackage) => boolean): RpmIndex {
  const byName = (name: string): readonly RpmPackage[] => index.byName(name).filter(isWanted);
  return {
    packageCount: index.packageCount,
    hasFileLists: index.hasFileLists,
    names: () => [...index.names()].filter((name) => byName(name).length > 0),
    byName,
    providersOf: (capability) => index.providersOf(capability).filter(isWanted),
    obsoletersOf: (name) => index.obsoletersOf(name).filter(isWanted),
    ownersOf: (path) => index.ownersOf(path).filter(isWanted),
    withDigest: (digest) => index.withDigest(digest).filter(isWanted),
  };
}

function lists(
  packages: readonly PackageWithFiles[],
  keysOf: (entry: PackageWithFiles) => readonly string[],
): ReadonlyMap<string, readonly RpmPackage[]> {
  const map = new Map<string, RpmPackage[]>();
  for (const entry of packages) {
    for (const key of new Set(keysOf(entry))) map.set(key, [...(map.get(key) ?? []), entry.package]);
  }
  return map;
}

/** `name <= 1` is about `name`. */
function entryNames(relations: string): readonly string[] {
  return relations === "" ? [] : relations.split("\t").map((entry) => entry.split(" ", 1)[0] ?? entry);
}

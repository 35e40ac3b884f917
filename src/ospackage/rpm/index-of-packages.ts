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
    names: () => [...names.keys()].sort(compareCodeUnits),
    byName: from(names),
    providersOf: from(provided),
    obsoletersOf: from(obsoleted),
    ownersOf: from(owners),
    knowsOwnersOf: () => true,
    withDigest: (digest) => packages.flatMap((entry) => (digestOf(entry.package) === digest ? entry.package : [])),
    neededPaths: () => pathsIn(packages.map((entry) => entry.package)),
  };
}

/** An index of only the packages that a test lets pass. */
export function restrictRpmIndex(index: RpmIndex, isWanted: (candidate: IndexedPackage) => boolean): RpmIndex {
  const byName = (name: string): readonly RpmPackage[] => index.byName(name).filter(isWanted);
  return {
    packageCount: index.packageCount,
    names: () => [...index.names()].filter((name) => byName(name).length > 0),
    byName,
    providersOf: (capability) => index.providersOf(capability).filter(isWanted),
    obsoletersOf: (name) => index.obsoletersOf(name).filter(isWanted),
    ownersOf: (path) => index.ownersOf(path).filter(isWanted),
    knowsOwnersOf: (path) => index.knowsOwnersOf(path),
    withDigest: (digest) => index.withDigest(digest).filter(isWanted),
    neededPaths: () => index.neededPaths(),
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

function pathsIn(packages: readonly RpmPackage[]): readonly string[] {
  const paths = packages.flatMap(({ requires, preRequires, recommends, suggests, supplements, enhances, conflicts }) =>
    pathsOf([requires, preRequires, recommends, suggests, supplements, enhances, conflicts].join("\t")),
  );
  return [...new Set(paths)].sort(compareCodeUnits);
}

/** Also those inside rich dependencies. */
function pathsOf(relations: string): readonly string[] {
  return Array.from(relations.matchAll(/(?<=^|[\t (])\/[^\t ()]+/g), ([path]) => path);
}

/** `name <= 1` is about `name`. */
function entryNames(relations: string): readonly string[] {
  return relations === "" ? [] : relations.split("\t").map((entry) => entry.split(" ", 1)[0] ?? entry);
}

import { parseRpmRelation } from "../rpm/rpm-relations.ts";
import { capabilitiesOverlap, type RpmCapability } from "../rpm/rpm-capability.ts";

/** What every rpm since 4.18 can do; `rpm --showrc` lists it. */
const FEATURES: ReadonlyMap<string, string> = new Map([
  ["BuiltinLuaScripts", "4.2.2-1"],
  ["CaretInVersions", "4.15.0-1"],
  ["CompressedFileNames", "3.0.4-1"],
  ["ConcurrentAccess", "4.1-1"],
  ["DynamicBuildRequires", "4.15.0-1"],
  ["ExplicitPackageProvide", "4.0-1"],
  ["FileCaps", "4.6.1-1"],
  ["FileDigests", "4.6.0-1"],
  ["HeaderLoadSortsTags", "4.0.1-1"],
  ["LargeFiles", "4.12.0-1"],
  ["PartialHardlinkSets", "4.0.4-1"],
  ["PayloadFilesHavePrefix", "4.0-1"],
  ["PayloadIsBzip2", "3.0.5-1"],
  ["PayloadIsLzma", "4.4.2-1"],
  ["PayloadIsXz", "5.2-1"],
  ["PayloadIsZstd", "5.4.18-1"],
  ["RichDependencies", "4.12.0-1"],
  ["ScriptletExpansion", "4.9.0-1"],
  ["ScriptletInterpreterArgs", "4.0.3-1"],
  ["TildeInVersions", "4.10.0-1"],
  ["VersionedDependencies", "3.0.3-1"],
]);

/** Tells whether a capability is one of rpm itself, which no package provides. */
export function isRpmlib({ name }: RpmCapability): boolean {
  return name.startsWith("rpmlib(");
}

/** Tells whether rpm has a feature that a package needs. */
export function rpmHas(capability: RpmCapability): boolean {
  const version = FEATURES.get(capability.name.slice("rpmlib(".length, -1));
  if (version === undefined) return false;
  const feature = parseRpmRelation(`${capability.name} = ${version}`);
  return feature.kind === "capability" && capabilitiesOverlap(feature, capability);
}

import { parseRpmRelations } from "../rpm/rpm-relations.ts";
import type { RpmCapability } from "../rpm/rpm-capability.ts";
import type { RpmPackage } from "../rpm/rpm-index.ts";

/** What a package provides, by name. */
export type Provisions = ReadonlyMap<string, readonly RpmCapability[]>;

/** What dnf installs beside older versions instead of in their place. @see dnf.conf(5), `installonlypkgs` */
const INSTALL_ONLY: ReadonlySet<string> = new Set([
  "kernel",
  "kernel-PAE",
  "installonlypkg(kernel)",
  "installonlypkg(kernel-module)",
  "installonlypkg(vm)",
  "multiversion(kernel)",
]);

/** Every package provides itself, whatever its metadata says. */
export function provisionsOf(found: RpmPackage): Provisions {
  return Map.groupBy([ownCapability(found), ...capabilitiesIn(found.provides)], ({ name }) => name);
}

/** Whether several versions of what provides this can be installed side by side. */
export function isInstallOnly(provisions: Provisions): boolean {
  return [...provisions.keys()].some((name) => INSTALL_ONLY.has(name));
}

/** A package at its version. */
export function ownCapability({ name, version }: RpmPackage): RpmCapability {
  return { kind: "capability", text: `${name} = ${version}`, name, operator: "=", evr: version };
}

/** Provides and Obsoletes know no rich dependencies. */
export function capabilitiesIn(field: string): readonly RpmCapability[] {
  return parseRpmRelations(field).filter((relation) => relation.kind === "capability");
}

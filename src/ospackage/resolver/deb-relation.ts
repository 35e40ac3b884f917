import { versionSatisfies, type DebPackage, type DebProvision, type DebRelation } from "../deb/index.ts";

/** Tells whether a version lies where a relation wants it; every version does when the relation names none. */
export function versionFits(
  version: string,
  { operator, version: bound }: Pick<DebRelation, "operator" | "version">,
): boolean {
  return operator === undefined || bound === undefined || versionSatisfies(version, operator, bound);
}

/** Tells whether one of the Provides fills a relation; one without a version never fills a relation with a version. @see Debian Policy, section 7.5 */
export function provisionFits(provisions: readonly DebProvision[], relation: DebRelation): boolean {
  return provisions.some(({ name, version }) => {
    if (name !== relation.name) return false;
    return relation.operator === undefined || (version !== undefined && versionFits(version, relation));
  });
}

/** Depends and Pre-Depends are positive, Conflicts and Breaks negative. */
export type RelationPurpose = "positive" | "negative";

/**
 * Tells whether a relation means a package, as far as its architecture qualifier goes.
 *
 * A named architecture has to be the system's own, which `all` counts as: `Conflicts: libc6-x32:i386` means nothing on
 * amd64. A dependency on `:any` is for packages that say `Multi-Arch: allowed`; dpkg and apt refuse it for `foreign` ones.
 * @see https://wiki.ubuntu.com/MultiarchSpec
 */
export function qualifierFits(
  { archQualifier }: DebRelation,
  { multiArch }: DebPackage,
  architecture: string,
  purpose: RelationPurpose,
): boolean {
  if (archQualifier === undefined) return true;
  if (archQualifier === "any") return purpose === "negative" || multiArch === "allowed";
  return archQualifier === architecture || archQualifier === "native";
}

/** The relation as a control file has it, for example `libc6:any (>= 2.36)`. */
export function formatRelation({ name, archQualifier, operator, version }: DebRelation): string {
  const qualified = archQualifier === undefined ? name : `${name}:${archQualifier}`;
  return operator === undefined || version === undefined ? qualified : `${qualified} (${operator} ${version})`;
}

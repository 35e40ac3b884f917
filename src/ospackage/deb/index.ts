/**
 * Debian's formats: versions, control stanzas, relations, package indexes and binary packages.
 *
 * Everything from outside is untrusted here: sizes, paths and numbers are checked before they are used.
 */
export * from "./compare-deb-versions.ts";
export type * from "./deb-index.ts";
export * from "./deb-package.ts";
export * from "./open-deb-index.ts";
export * from "./packages-index.ts";
export * from "./relations.ts";
export * from "./restrict-deb-index.ts";
export * from "./stanzas.ts";
export { type TarEntry, type TarEntryType, readTar } from "./tar.ts";

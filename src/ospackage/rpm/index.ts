/**
 * RPM's formats: repository metadata, versions and relations.
 *
 * Everything from outside is untrusted here: sizes, paths and numbers are checked before they are used.
 */
export * from "./encode-rpm-index.ts";
export * from "./file-lists.ts";
export * from "./index-of-packages.ts";
export * from "./metalink.ts";
export * from "./open-rpm-index.ts";
export * from "./package/index.ts";
export * from "./repomd.ts";
export type * from "./rpm-index.ts";
export { isSafeBaseUrl } from "./safe-path.ts";

/**
 * What an image says about itself: manifest, SPDX document, licences.
 *
 * Pure functions over the lock; their results hold no path, clock, address or name of the host that builds.
 */
export * from "./create-manifest.ts";
export * from "./create-spdx.ts";
export * from "./licences-from-copyright.ts";
export * from "./licences-of-rpms.ts";
export * from "./licences-of-tree.ts";
export * from "./package-url.ts";
export type * from "./spdx-document.ts";
export * from "./trust-warnings.ts";

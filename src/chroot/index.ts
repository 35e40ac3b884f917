/**
 * Where programs of other systems run: the namespaces around a build, the trees made in them, the tool root whose
 * programs make an image, and the transaction that installs packages.
 */
export * from "./foreign-architecture.ts";
export * from "./install/install-debs.ts";
export * from "./install/install-rpms.ts";
export type { InstallOptions, PackageFile } from "./install/package-files.ts";
export * from "./install/package-selection.ts";
export * from "./namespace.ts";
export * from "./run-in-root.ts";
export * from "./tool-root.ts";
export * from "./tree-archive.ts";
export * from "./trees.ts";

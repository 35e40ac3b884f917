/**
 * What a root tree gets after its packages are installed: files, name, users, network, units, commands.
 *
 * Planners read the tree and the template and return {@link TreeChange}s; `applyChanges` makes them, and
 * `configureSystem` does all of it in the documented order.
 */
export * from "./additional-files.ts";
export * from "./apply-changes.ts";
export * from "./clean.ts";
export * from "./configure-system.ts";
export * from "./grow-disk.ts";
export * from "./image-tree.ts";
export * from "./local-entries.ts";
export * from "./package-sources.ts";
export * from "./run-scripts.ts";
export * from "./selinux.ts";
export * from "./tree-change.ts";

/**
 * The pipeline: which steps a build needs, what of earlier builds it can use again, and where results appear.
 */
export * from "./build-image.ts";
export * from "./resolve-packages.ts";

/**
 * What users write: the image template and the global configuration.
 *
 * Text becomes checked plain data, and every value keeps the place where it was written.
 */
export * from "./document/index.ts";
export * from "./import/index.ts";
export * from "./settings/index.ts";
export * from "./template/index.ts";

/** The global configuration: where things are, what is kept, how many at once, which mirrors. */
export * from "./sample-configuration.ts";
export type * from "./setting-reader.ts";
export * from "./settings.ts";

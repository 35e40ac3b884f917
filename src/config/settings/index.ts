/** The global configuration: where things are, how many downloads at once, which mirrors. */
export * from "./settings.ts";

/**
 * What each operating system brings to a build: data from `config/osv/` and a few hooks, behind {@link Provider}.
 */
export * from "./provider.ts";
export * from "./saved-results.ts";
export * from "./select-provider.ts";

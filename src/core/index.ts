/**
 * The vocabulary that every other folder shares: errors, events, sizes, digests, names of architectures.
 *
 * Everything here is pure and imports no other folder.
 */
export * from "./architecture.ts";
export * from "./digests.ts";
export * from "./error-codes.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./globs.ts";
export * from "./mirror-list-address.ts";
export * from "./redact-url.ts";
export * from "./sizes.ts";
export * from "./stage-needs.ts";
export * from "./steps.ts";
export * from "./suggestion.ts";
export * from "./uuid.ts";

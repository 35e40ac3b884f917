/**
 * Packages: repositories and their trust, Debian formats and versions, resolving, the store of verified files, the lock.
 */
export * from "./compression/index.ts";
export * from "./deb/index.ts";
export * from "./indexed-package.ts";
export * from "./lock/index.ts";
export { readTrustedKeys } from "./openpgp/index.ts";
export * from "./repository/index.ts";
export * from "./resolver/index.ts";
export * from "./rpm/index.ts";
export * from "./store/index.ts";

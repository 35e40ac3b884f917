/**
 * Package repositories: fetching their metadata, judging who vouches for it and how fresh it is, opening their indexes.
 *
 * Only text that a signature by a pinned key vouches for is parsed, and only files that it names by SHA-256 are used.
 */
export { throwIfAborted } from "./retries.ts";
export * from "./fetch-key-file.ts";
export * from "./host-mirror.ts";
export * from "./read-deb-repository.ts";
export * from "./read-local-repository.ts";
export * from "./read-local-rpms.ts";
export { readFileOwners, readRpmRepository } from "./read-rpm-repository.ts";
export type * from "./repository.ts";
export * from "./collect-signed-chain.ts";
export type { ChainFile, SignedChain, SignedChainOptions } from "./signed-chain.ts";
export { trustedKeyring } from "./trusted-keyring.ts";
export { type SignedMetadata, type VerifiedText, verifySignature } from "./verify-signature.ts";

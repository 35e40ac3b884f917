/**
 * The lock: exactly which packages make an image, as data and as a file that people keep beside their template.
 *
 * A lock file says what it was made for, so that it is known to be stale; its digests are all that a locked build trusts.
 */
export * from "./compare-locks.ts";
export { createLock, type CreateLockOptions, lockDigest, lockRepository, withoutCredentials } from "./create-lock.ts";
export type * from "./lock.ts";
export { lockableTime } from "./lockable-time.ts";
export { formatLockFile, type LockFile, lockFilePath } from "./lock-file.ts";
export { type LockInputs, lockInputs, requireFresh } from "./lock-inputs.ts";
export {
  type LockPreference,
  preferLocked,
  preferLockedKernels,
  requireLocked,
  type RestrictIndex,
  withTemplateWords,
} from "./prefer-locked.ts";
export { type LockNames, readLockFile } from "./read-lock-file.ts";

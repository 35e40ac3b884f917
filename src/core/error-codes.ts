/**
 * Every error code and the exit code that it ends the program with.
 *
 * The prefix names the room that the error comes from. `docs/errors.md` has an entry for each; a test compares both.
 * A code that is no longer used is never given a new meaning.
 */
export const ERROR_CODES = {
  // Exit 2: the command line, the global configuration or the template is wrong.
  USAGE: 2,
  CONFIG_INVALID: 2,
  TEMPLATE_NOT_FOUND: 2,
  TEMPLATE_SYNTAX: 2,
  TEMPLATE_INVALID: 2,
  TEMPLATE_UNSUPPORTED: 2,
  PROVIDER_UNKNOWN: 2,
  LOCK_NOT_FOUND: 2,
  LOCK_INVALID: 2,
  LOCK_STALE: 2,
  VENDOR_INVALID: 2,

  // Exit 3: this host lacks something.
  HOST_TOOL_MISSING: 3,
  HOST_NAMESPACE_REFUSED: 3,
  HOST_MEMORY_LOW: 3,

  // Exit 1: the build failed.
  HOST_PROGRAM_FAILED: 1,
  HOST_PROGRAM_TIMEOUT: 1,
  HOST_DISK_FULL: 1,
  HOST_FILE_UNREADABLE: 1,
  HOST_FILE_UNWRITABLE: 1,
  HOST_LOCK_BUSY: 1,
  REPOSITORY_UNREACHABLE: 1,
  REPOSITORY_NOT_FOUND: 1,
  REPOSITORY_HTTP_ERROR: 1,
  REPOSITORY_TRUNCATED: 1,
  REPOSITORY_DIGEST_MISMATCH: 1,
  REPOSITORY_SIGNATURE_INVALID: 1,
  REPOSITORY_SIGNATURE_MISSING: 1,
  REPOSITORY_KEY_MISSING: 1,
  REPOSITORY_KEY_INVALID: 1,
  REPOSITORY_EXPIRED: 1,
  REPOSITORY_REPLAYED: 1,
  REPOSITORY_WEAK_DIGEST: 1,
  REPOSITORY_METADATA_INVALID: 1,
  REPOSITORY_TOO_LARGE: 1,
  REPOSITORY_OFFLINE: 1,
  PACKAGE_FORMAT_INVALID: 1,
  PACKAGE_UNSAFE_PATH: 1,
  PACKAGE_TOO_LARGE: 1,
  PACKAGE_DIGEST_MISMATCH: 1,
  PACKAGE_IDENTITY_MISMATCH: 1,
  PACKAGE_SIGNATURE_MISSING: 1,
  PACKAGE_SIGNATURE_INVALID: 1,
  PACKAGE_KEY_UNKNOWN: 1,
  PACKAGE_KEY_UNUSABLE: 1,
  RESOLVER_UNKNOWN_PACKAGE: 1,
  RESOLVER_UNSATISFIABLE: 1,
  INSTALL_SCRIPT_FAILED: 1,
  INSTALL_REFUSED: 1,
  INSTALL_AUDIT_FAILED: 1,
  CONFIGURATION_COMMAND_FAILED: 1,
  BUILD_TIMEOUT: 1,
  IMAGE_TOO_SMALL: 1,
  IMAGE_PLAN_INVALID: 1,
  IMAGE_KERNEL_MISSING: 1,
  BOOT_EXPECTATION_FAILED: 1,

  // A signal ended the program: 128 plus the signal's number.
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const satisfies Readonly<Record<string, number>>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The exit code of the program for an error code: 1, 2, 3, 130 or 143. */
export function exitCodeOf(code: ErrorCode): number {
  return ERROR_CODES[code];
}

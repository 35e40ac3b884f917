import type { WarningCode } from "../core/index.ts";
import type { Lock, LockedRepository } from "../ospackage/index.ts";

/** Something about a repository that weakens the trust in an image. */
export interface TrustWarning {
  readonly code: Extract<WarningCode, "FOREIGN_KEYS" | "UNVERIFIED_REPOSITORY">;
  readonly repository: string;
  readonly message: string;
}

/** What weakens the trust in the repositories of a lock, in their order. */
export function trustWarnings(lock: Pick<Lock, "repositories">): TrustWarning[] {
  return lock.repositories.flatMap(warningsOf);
}

function warningsOf({ id, verified, foreignKeys, signedBy }: LockedRepository): TrustWarning[] {
  const warnings: TrustWarning[] = [];
  if (!verified) {
    const message = `No signature of the repository "${id}" was checked`;
    warnings.push({ code: "UNVERIFIED_REPOSITORY", repository: id, message });
  }
  if (foreignKeys) {
    const signer = signedBy === undefined ? "" : ` (signed by ${signedBy})`;
    const message = `The repository "${id}" is trusted by keys that are not the provider's own${signer}`;
    warnings.push({ code: "FOREIGN_KEYS", repository: id, message });
  }
  return warnings;
}

import { ComposerError, type EventSink, redactUrl } from "../../core/index.ts";
import type { DebRepositorySource } from "./repository.ts";

/** Says what weakens the trust in a repository. */
export function warnAboutTrust(
  { id, gpgCheck, foreignKeys }: Pick<DebRepositorySource, "id" | "gpgCheck" | "foreignKeys">,
  url: string,
  emit: EventSink,
): void {
  const where = `The repository "${id}" (${redactUrl(url)})`;
  if (!gpgCheck) {
    const message = `${where} is not verified: whoever controls it or the way to it controls the image`;
    emit({ type: "warning", stage: "packages", code: "UNVERIFIED_REPOSITORY", message });
  } else if (foreignKeys) {
    const message = `${where} is trusted by keys that are not the provider's own`;
    emit({ type: "warning", stage: "packages", code: "FOREIGN_KEYS", message });
  }
}

/** The error for a repository whose index would have to be fetched. */
export function notKept(id: string, url: string): ComposerError {
  return new ComposerError(
    "REPOSITORY_OFFLINE",
    `Cannot read the repository "${id}" (${redactUrl(url)}) offline: its current index is not in the cache`,
    { hint: "Run the build once without --offline" },
  );
}

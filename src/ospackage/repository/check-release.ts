import { ComposerError } from "../../core/index.ts";
import type { Release } from "./release.ts";
import type { DebRepositorySource } from "./repository.ts";

/**
 * Checks that a Release is the one that was asked for, and that it is fresh.
 *
 * @param facts.newestDateSeconds the newest Date that was seen at this address before
 * @param facts.directory where that is remembered
 * @throws {REPOSITORY_METADATA_INVALID} it is of another suite, or not for this architecture
 * @throws {REPOSITORY_EXPIRED} its Valid-Until is past
 * @throws {REPOSITORY_REPLAYED} it is older than what was seen before
 */
export function checkRelease(
  release: Release,
  { suite }: DebRepositorySource,
  facts: {
    readonly object: string;
    readonly architecture: string;
    readonly nowMs: number;
    readonly newestDateSeconds: number | undefined;
    readonly directory: string;
  },
): void {
  const { object, architecture, nowMs, newestDateSeconds, directory } = facts;
  const names = [release.suite, release.codename].filter((name) => name !== undefined);
  const wanted = [suite, suite.split("/")[0]];
  if (!suite.endsWith("/") && names.length > 0 && !names.some((name) => wanted.includes(name))) {
    throw new ComposerError(
      "REPOSITORY_METADATA_INVALID",
      `Cannot use ${object}: it is for the suite "${names.join('", "')}", not for "${suite}"`,
    );
  }
  if (release.architectures.length > 0 && ![architecture, "all"].some((name) => release.architectures.includes(name))) {
    throw new ComposerError(
      "REPOSITORY_METADATA_INVALID",
      `Cannot use ${object}: it has no packages for ${architecture}, only for ${release.architectures.join(", ")}`,
    );
  }
  if (release.validUntilSeconds !== undefined && nowMs >= release.validUntilSeconds * 1000) {
    throw new ComposerError(
      "REPOSITORY_EXPIRED",
      `Cannot use ${object}: it was valid until ${dateText(release.validUntilSeconds)}`,
      {
        hint: "Check this host's clock; if it is right, the mirror is out of date: choose another one with --mirror NAME=URL",
      },
    );
  }
  requireNotOlder(release.dateSeconds, { object, newestDateSeconds, directory });
}

/**
 * Checks that metadata are not older than those that were seen before.
 *
 * @throws {REPOSITORY_REPLAYED}
 */
export function requireNotOlder(
  dateSeconds: number,
  facts: {
    readonly object: string;
    readonly newestDateSeconds: number | undefined;
    readonly directory: string;
  },
): void {
  const { object, newestDateSeconds, directory } = facts;
  if (newestDateSeconds === undefined || dateSeconds >= newestDateSeconds) return;
  throw new ComposerError(
    "REPOSITORY_REPLAYED",
    `Cannot use ${object}: it is of ${dateText(dateSeconds)}, older than that of ${dateText(newestDateSeconds)} which was there before`,
    {
      hint: `Choose another mirror with --mirror NAME=URL; if the repository was rolled back on purpose, remove "${directory}"`,
    },
  );
}

function dateText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

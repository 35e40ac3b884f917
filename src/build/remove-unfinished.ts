import path from "node:path";
import type { Host } from "../host/index.ts";
import type { BuildPlaces } from "./build-paths.ts";

/** The names that `HostFiles.temporaryName` gives to what is written first and renamed later, and those with a suffix. */
export function isUnfinished(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}(\.\w+)?$/.test(name);
}

/** What is this old in a shared directory belongs to no build that still runs. */
const ABANDONED_AFTER_MS = 60 * 60_000;

/**
 * Removes what builds that were killed left unfinished. Such files never had a final name; they only take room.
 *
 * The target's own directories are ours alone while we hold its lock; in shared ones other builds may be writing.
 */
export async function removeUnfinished(host: Host, paths: BuildPlaces): Promise<void> {
  await host.files.remove(paths.fresh);
  for (const directory of [paths.imageBuild, paths.records]) await removeIn(host, directory, 0);
  const repositories = path.join(paths.repositoryCache, "repositories");
  const indexes = (await host.files.list(repositories)).map((name) => path.join(repositories, name));
  for (const directory of [paths.chrootBuild, ...indexes]) await removeIn(host, directory, ABANDONED_AFTER_MS);
}

async function removeIn(host: Host, directory: string, leastAgeMs: number): Promise<void> {
  if ((await host.files.stat(directory))?.kind !== "directory") return;
  for (const name of (await host.files.list(directory)).filter(isUnfinished)) {
    const file = path.join(directory, name);
    const stat = await host.files.stat(file);
    if (stat !== undefined && host.clock.nowMs() - stat.mtimeMs >= leastAgeMs) await host.files.remove(file);
  }
}

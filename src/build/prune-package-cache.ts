import path from "node:path";
import { formatSize, isComposerError } from "../core/index.ts";
import { type Host, tryFileLock } from "../host/index.ts";
import { type Lock, packagePaths, prunePackages } from "../ospackage/index.ts";
import type { BuildRequest } from "../provider/index.ts";
import { type BuildPlaces, PACKAGE_CACHE } from "./build-paths.ts";
import { useLockFile } from "./take-locks.ts";

/**
 * Removes what the settings no longer let the package cache keep; never a package of this build.
 *
 * Other builds may be reading what they have just verified: while one runs, only what nobody used for a day is removed.
 */
export async function prunePackageCache(
  host: Host,
  request: BuildRequest,
  places: BuildPlaces,
  lock: Lock,
): Promise<void> {
  try {
    await prune(host, request, places, lock);
  } catch (error) {
    if (!isComposerError(error)) throw error;
    // The image is there.
    request.emit({ type: "info", message: `The package cache keeps what is old: ${error.message}` });
  }
}

async function prune(host: Host, { settings, emit }: BuildRequest, places: BuildPlaces, lock: Lock): Promise<void> {
  const { maxSizeBytes, retentionDays } = settings.packageCache;
  const packages = [...lock.packages, ...lock.toolPackages].map(({ sha256, ...named }) => ({
    ...named,
    digest: sha256,
  }));
  const used = new Set(packagePaths(packages, places.packageCache).values());
  await using alone = await tryFileLock(useLockFile(settings.cacheDir));
  const { fileCount, freedBytes } = await prunePackages(host, path.join(settings.cacheDir, PACKAGE_CACHE), {
    maxSizeBytes,
    retentionDays,
    used,
    alone: alone !== undefined,
  });
  if (fileCount === 0) return;
  const files = fileCount === 1 ? "1 file" : `${fileCount} files`;
  emit({ type: "info", message: `Removed ${files} (${formatSize(freedBytes)}) from the package cache` });
}

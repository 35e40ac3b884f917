import { isComposerError, redactUrl, type Sha256Hex } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { fetchHead, readUpTo } from "../repository/fetch-head.ts";
import type { FetchPackagesOptions, PackageLocation } from "./fetch-packages.ts";
import { inParallel } from "./in-parallel.ts";
import { nameOf } from "./missing-packages.ts";
import { packagePaths } from "./package-paths.ts";

export type ReadHeadsOptions = Pick<FetchPackagesOptions, "cacheDir" | "workers" | "offline" | "emit" | "signal">;

/**
 * The first bytes of packages: of the file beside the template or in the cache, or else as their repository has them. No
 * digest vouches for so little: only what may be wrong is to be made of it.
 *
 * @returns by digest; a package that is not here and that its repository lacks, or that is only in one, offline, is left out
 * @throws as `fetchHead`, but for REPOSITORY_NOT_FOUND @throws {HOST_FILE_UNREADABLE}
 */
export async function readPackageHeads(
  host: Pick<Host, "files" | "http" | "clock">,
  packages: readonly PackageLocation<Sha256Hex>[],
  byteCount: number,
  { cacheDir, workers, offline, emit, signal: outer }: ReadHeadsOptions,
): Promise<ReadonlyMap<Sha256Hex, Uint8Array>> {
  const cached = packagePaths(packages, cacheDir);
  const heads = await inParallel(
    packages,
    workers,
    async (location, signal) => {
      const { digest, sizeBytes, localPath, url } = location;
      const file = localPath ?? cached.get(digest);
      if (file !== undefined && (await host.files.stat(file))?.sizeBytes === sizeBytes)
        return readUpTo(host.files.readStream(file), byteCount);
      if (url === undefined || (offline && !url.startsWith("file:"))) return undefined;
      const object = `${nameOf(location)} from "${redactUrl(url)}"`;
      try {
        return await fetchHead(host, url, { object, byteCount, emit, signal });
      } catch (error) {
        if (isComposerError(error, "REPOSITORY_NOT_FOUND")) return undefined;
        throw error;
      }
    },
    outer,
  );
  return new Map(packages.flatMap(({ digest }, index) => (heads[index] === undefined ? [] : [[digest, heads[index]]])));
}

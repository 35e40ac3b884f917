import { type ComposerError, isComposerError, redactUrl, type Sha256Hex } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { fetchHead, readUpTo } from "../repository/fetch-head.ts";
import type { FetchPackagesOptions, PackageLocation } from "./fetch-packages.ts";
import { inParallel } from "./in-parallel.ts";
import { nameOf } from "./missing-packages.ts";
import { packagePaths } from "./package-paths.ts";

type HeadHost = Pick<Host, "files" | "http" | "clock">;

/** What is to be known of packages, and how to read it from so many of their first bytes. */
export interface HeadReader<T> {
  readonly byteCount: number;
  /** @throws {PACKAGE_FORMAT_INVALID} these are no first bytes of a package; the message names `object` */
  read(head: AsyncIterable<Uint8Array>, object: string): Promise<T>;
}

const READERS = 4;

/**
 * Reads the beginnings of packages that are here: beside the template, or in the cache. No digest vouches for so little:
 * only what may be wrong is to be made of it.
 *
 * @returns what was read, by digest; a package that is not here, or is damaged, is left out
 */
export async function readHeadsHere<T>(
  host: HeadHost,
  packages: readonly PackageLocation<Sha256Hex>[],
  reader: HeadReader<T>,
  { cacheDir, signal }: Pick<FetchPackagesOptions, "cacheDir" | "signal">,
): Promise<ReadonlyMap<Sha256Hex, T>> {
  const cached = packagePaths(packages, cacheDir);
  const readHere = async ({ digest, sizeBytes, localPath }: PackageLocation<Sha256Hex>): Promise<T | undefined> => {
    const name = localPath ?? cached.get(digest);
    if (name === undefined || !(await host.files.exists(name))) return undefined;
    const file = await host.files.realPath(name);
    if ((await host.files.stat(file))?.sizeBytes !== sizeBytes) return undefined;
    const head = await readUpTo(host.files.readStream(file), reader.byteCount);
    try {
      return await reader.read(only(head), `"${file}"`);
    } catch (error) {
      if (isComposerError(error, "PACKAGE_FORMAT_INVALID")) return undefined;
      throw error;
    }
  };
  return byDigest(packages, await inParallel(packages, READERS, readHere, signal));
}

/** What {@link readHeadsThere} found out. */
export interface HeadsThere<T> {
  /** By digest. */
  readonly found: ReadonlyMap<Sha256Hex, T>;
  /** Why some are not among them. */
  readonly failure?: ComposerError;
}

/**
 * The same for packages in their repositories. After the first failure that is more than a package's own nobody else is
 * asked: what is read this way is not worth a wait for each.
 *
 * @throws {INTERRUPTED} `signal` fired
 */
export async function readHeadsThere<T>(
  host: HeadHost,
  packages: readonly PackageLocation<Sha256Hex>[],
  reader: HeadReader<T>,
  { workers, emit, signal: outer }: Pick<FetchPackagesOptions, "workers" | "emit" | "signal">,
): Promise<HeadsThere<T>> {
  let failure: ComposerError | undefined;
  let isOver = false;
  const readThere = async (location: PackageLocation<Sha256Hex>, signal: AbortSignal): Promise<T | undefined> => {
    const { url, sizeBytes } = location;
    if (url === undefined || isOver) return undefined;
    const object = `${nameOf(location)} from "${redactUrl(url)}"`;
    try {
      const byteCount = Math.min(reader.byteCount, sizeBytes);
      return await reader.read(only(await fetchHead(host, url, { object, byteCount, emit, signal })), object);
    } catch (error) {
      if (!isComposerError(error) || isComposerError(error, "INTERRUPTED")) throw error;
      failure ??= error;
      isOver ||= !isComposerError(error, "REPOSITORY_NOT_FOUND") && !isComposerError(error, "PACKAGE_FORMAT_INVALID");
      return undefined;
    }
  };
  const found = byDigest(packages, await inParallel(packages, workers, readThere, outer));
  return failure === undefined ? { found } : { found, failure };
}

function byDigest<T>(
  packages: readonly PackageLocation<Sha256Hex>[],
  values: readonly (T | undefined)[],
): ReadonlyMap<Sha256Hex, T> {
  return new Map(
    packages.flatMap(({ digest }, index) => {
      const value = values[index];
      return value === undefined ? [] : [[digest, value] as const];
    }),
  );
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

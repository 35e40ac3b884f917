import path from "node:path";
import {
  algorithmOf,
  ComposerError,
  type EventSink,
  type FileDigest,
  formatSize,
  isComposerError,
  isSha256,
  redactUrl,
} from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { fromAnyMirror, type MirrorAttempts } from "../repository/any-mirror.ts";
import { throwIfAborted } from "../repository/retries.ts";
import { digestMismatch, fetchFile } from "../repository/fetch.ts";
import { asDirectory } from "../repository/fetch-repomd.ts";
import { createDownloadProgress } from "./download-progress.ts";
import { hasDigest } from "./has-digest.ts";
import { inParallel } from "./in-parallel.ts";
import { nameOf, notFound, notStored, placesHere } from "./missing-packages.ts";
import { type PackageIdentity, packagePaths } from "./package-paths.ts";
import { countAsUsed } from "./prune-packages.ts";
import { takeFromOtherCaches } from "./other-caches.ts";
import type { VendorDirectory } from "./vendor-directory.ts";

/** A package and where it is: at an address, or on this machine. */
export interface PackageLocation<Digest extends FileDigest = FileDigest> extends PackageIdentity<Digest> {
  readonly sizeBytes: number;
  readonly url?: string;
  /**
   * Instead of `url`: a path, in which `%` is a character like others, below repositories with the same content, or below
   * those that mirror lists name.
   */
  readonly mirrored?: { readonly urls: readonly string[]; readonly path: string };
  /** Archives of what mirrors had once: asked, in this order, when `url` has it no longer. */
  readonly archiveUrls?: readonly string[];
  /** Absolute; used in place. */
  readonly localPath?: string;
}

export interface FetchPackagesOptions {
  readonly cacheDir: string;
  /** Looked at first; what it has is used in place. */
  readonly vendor?: VendorDirectory;
  /** Where to look for what `cacheDir` lacks before anybody is asked: the caches of all providers. */
  readonly allCachesDir?: string;
  /** Most downloads at a time. */
  readonly workers: number;
  /** Use only what is in the cache. */
  readonly offline: boolean;
  readonly emit: EventSink;
  /** Called for each package that came from the network. */
  readonly onDownloaded?: (location: PackageLocation) => void;
  readonly signal?: AbortSignal;
}

type StoreHost = Pick<Host, "files" | "http" | "clock">;

const READERS = 4;
const SPARE_BYTES = 16 * 1024 ** 2;

/**
 * Brings packages into the cache; size and digest of each are checked, also when it was there before.
 *
 * They are looked for in a vendor directory, in the caches, at their repositories and in archives of those, in this
 * order. A damaged file is passed over, and in the cache removed, with a warning. The first failure ends the other
 * downloads; what they have got so far is used by the next run.
 *
 * @returns a file for every digest
 * @throws {REPOSITORY_DIGEST_MISMATCH} a package is not what the index says
 * @throws {REPOSITORY_OFFLINE} offline, and packages are neither in the vendor directory nor in the cache
 * @throws {HOST_DISK_FULL} also before the first download, when they cannot fit
 * @throws as `fetchFile`; the message names the package
 */
export async function fetchPackages<Digest extends FileDigest>(
  host: StoreHost,
  packages: readonly PackageLocation<Digest>[],
  options: FetchPackagesOptions,
): Promise<ReadonlyMap<Digest, string>> {
  const wanted = [...new Map(packages.map((location) => [location.digest, location])).values()];
  const paths = new Map(packagePaths(wanted, options.cacheDir));
  const present = await inParallel(wanted, READERS, async (location) => {
    throwIfAborted(options.signal);
    const vendored = await vendoredFile(host, location, options);
    if (vendored !== undefined) {
      paths.set(location.digest, vendored);
      return true;
    }
    if (location.localPath === undefined) return isInCache(host, location, pathOf(paths, location), options.emit);
    await checkLocal(host, location, location.localPath);
    paths.set(location.digest, location.localPath);
    return true;
  });
  const absent = wanted.filter((_, index) => present[index] !== true);
  const missing = absent.length === 0 ? [] : await takeFromOtherCaches(host, absent, paths, options);
  if (missing.length > 0) await downloadAll(host, missing, paths, options);
  return paths;
}

async function downloadAll(
  host: StoreHost,
  missing: readonly PackageLocation[],
  paths: ReadonlyMap<FileDigest, string>,
  options: FetchPackagesOptions,
): Promise<void> {
  const { cacheDir, workers, offline, emit, signal } = options;
  if (offline) throw notStored(missing, options);
  await host.files.makeDirectory(cacheDir);
  const bytesTotal = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await checkSpace(host, cacheDir, bytesTotal);

  const progress = createDownloadProgress(host.clock, emit, missing.length, bytesTotal);
  const fetchOne = async (location: PackageLocation, cancelled: AbortSignal): Promise<void> => {
    const { url, mirrored, archiveUrls = [], sizeBytes, digest } = location;
    if (url === undefined && mirrored === undefined) throw notStored([location], options);
    const fetchFrom = (address: string, attempts: MirrorAttempts = {}): Promise<void> =>
      fetchFile(host, address, pathOf(paths, location), {
        object: `${nameOf(location)} from "${redactUrl(address)}"`,
        sizeBytes,
        digest,
        partialDir: path.join(cacheDir, "partial"),
        onBytes: (count) => progress.addBytes(count),
        emit,
        signal: cancelled,
        ...attempts,
      });
    const addresses = [...(url === undefined ? [] : [url]), ...archiveUrls];
    try {
      if (mirrored === undefined) {
        await firstThatHasIt(addresses, fetchFrom, (address) => {
          const message = `${nameOf(location)} is no longer at its mirror: asking "${redactUrl(address)}"`;
          emit({ type: "info", stage: "packages", message });
        });
      } else {
        const { urls, path: below } = mirrored;
        const fetchBelow = (mirror: { readonly url: string }, attempts: MirrorAttempts): Promise<void> =>
          fetchFrom(asDirectory(mirror.url) + below.replaceAll("%", "%25"), attempts);
        await fromAnyMirror(host, urls, fetchBelow, { object: nameOf(location), emit, signal: cancelled });
      }
    } catch (error) {
      if (!isComposerError(error, "REPOSITORY_NOT_FOUND")) throw error;
      const asked = mirrored === undefined ? addresses : mirrored.urls;
      throw notFound(location, error, [...placesHere(options), ...asked.map(redactUrl)]);
    }
    progress.addDone();
    options.onDownloaded?.(location);
  };
  await inParallel(missing, workers, fetchOne, signal);
}

/** Asks one address after the other, as long as they only lack the file; what the first one said is what is wrong. */
async function firstThatHasIt(
  addresses: readonly string[],
  fetchFrom: (address: string) => Promise<void>,
  onNext: (address: string) => void,
): Promise<void> {
  let first: unknown;
  for (const [index, address] of addresses.entries()) {
    if (index > 0) onNext(address);
    try {
      await fetchFrom(address);
      return;
    } catch (error) {
      if (!isComposerError(error, "REPOSITORY_NOT_FOUND")) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** The file of a package in the vendor directory, if it is there as it should be. */
async function vendoredFile(
  { files }: StoreHost,
  location: PackageLocation,
  { vendor, emit }: FetchPackagesOptions,
): Promise<string | undefined> {
  const { digest } = location;
  const file = isSha256(digest) ? vendor?.files.get(digest) : undefined;
  if (file === undefined) return undefined;
  const stat = await files.stat(file);
  const isRight =
    stat?.kind === "file" && stat.sizeBytes === location.sizeBytes && (await hasDigest(files, file, digest));
  if (isRight) return file;
  const state = stat === undefined ? "is gone" : "is damaged";
  const message = `"${file}" in the vendor directory ${state}: ${nameOf(location)} is looked for elsewhere`;
  emit({ type: "warning", stage: "packages", code: "RETRY", message });
  return undefined;
}

/** Tells whether the cache has the file as it should be; removes it when it is there but different. */
async function isInCache(host: StoreHost, location: PackageLocation, file: string, emit: EventSink): Promise<boolean> {
  const stat = await host.files.stat(file);
  if (stat === undefined) return false;
  const isRight =
    stat.kind === "file" &&
    stat.sizeBytes === location.sizeBytes &&
    (await hasDigest(host.files, file, location.digest));
  if (isRight) {
    await countAsUsed(host, file);
    return true;
  }
  const message = `"${file}" in the cache is not ${nameOf(location)} as the index has it: it is removed`;
  emit({ type: "warning", stage: "packages", code: "RETRY", message });
  await host.files.remove(file);
  return false;
}

async function checkLocal(host: StoreHost, location: PackageLocation, file: string): Promise<void> {
  const stat = await host.files.stat(await host.files.realPath(file));
  if (stat?.sizeBytes === location.sizeBytes && (await hasDigest(host.files, file, location.digest))) return;
  throw digestMismatch(`${nameOf(location)} in "${file}"`, algorithmOf(location.digest));
}

async function checkSpace({ files }: StoreHost, directory: string, neededBytes: number): Promise<void> {
  const freeBytes = await files.freeBytes(directory);
  if (freeBytes >= neededBytes + SPARE_BYTES) return;
  throw new ComposerError(
    "HOST_DISK_FULL",
    `Cannot download packages to "${directory}": they need ${formatSize(neededBytes)}, but ${formatSize(freeBytes)} are free`,
    { hint: "Free space there, or choose another directory with --cache-dir" },
  );
}

function pathOf(paths: ReadonlyMap<FileDigest, string>, { digest }: PackageLocation): string {
  const file = paths.get(digest);
  if (file === undefined) throw new Error(`no path for ${digest}`);
  return file;
}

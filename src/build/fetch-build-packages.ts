import path from "node:path";
import type { Host } from "../host/index.ts";
import type { Sha256Hex } from "../core/index.ts";
import { fetchPackages, type Lock, type VendorDirectory } from "../ospackage/index.ts";
import { type BuildPaths, type BuildRequest, initProvider, type PackageOrigins } from "../provider/index.ts";
import { buildPaths } from "./build-paths.ts";
import { codeDigest } from "./code-digest.ts";
import { createStepRun } from "./run-steps.ts";
import { takeUseLock } from "./take-locks.ts";

/** What fetching the packages of a build did. */
export interface FetchReport {
  readonly packageCount: number;
  readonly packageBytes: number;
  /** What came from the network. */
  readonly downloadedCount: number;
  readonly downloadedBytes: number;
  /** The cache of the provider. */
  readonly cache: string;
}

/** The packages of a build, and where they and their metadata are. */
export interface FetchedPackages {
  readonly report: FetchReport;
  readonly lock: Lock;
  readonly origins: PackageOrigins;
  /** Files by digest. */
  readonly stored: ReadonlyMap<Sha256Hex, string>;
}

/**
 * Brings every package that a build of the template takes into the cache, and, unless the request has a lock, the metadata
 * that the packages are chosen by: the build then works offline.
 *
 * @throws what choosing and downloading packages throw
 */
export async function fetchBuildPackages(host: Host, request: BuildRequest): Promise<FetchReport> {
  await using locks = new AsyncDisposableStack();
  locks.use(await takeUseLock(host, request, request.settings.cacheDir));
  return (await collectPackages(host, request)).report;
}

/**
 * The packages of a build in the cache; the caller must keep others from cleaning it.
 *
 * @param vendor a vendor directory that is looked at before the cache
 */
export async function collectPackages(
  host: Host,
  request: BuildRequest,
  vendor?: VendorDirectory,
): Promise<FetchedPackages> {
  const provider = await initProvider(host, request);
  const { template } = request.template;
  const paths = buildPaths(request.settings, provider.id, template.systemConfig?.name ?? template.image.name);
  await using atEnd = new AsyncDisposableStack();
  const steps = await provider.buildImage(host, request, paths, atEnd);
  const { emit, signal } = request;
  const abort = signal === undefined ? {} : { signal };
  const run = createStepRun({
    codeDigest: await codeDigest(host.files),
    reuse: true,
    emit,
    clock: host.clock,
    ...abort,
  });
  const lock = await run.get(steps.lock);
  const packages = [...new Map([...lock.packages, ...lock.toolPackages].map((one) => [one.sha256, one])).values()];
  let [downloadedCount, downloadedBytes] = [0, 0];
  const stored = await fetchPackages(host, packages.map(steps.origins.locate), {
    ...cacheOptions(paths, request),
    ...(vendor === undefined ? {} : { vendor }),
    onDownloaded: ({ sizeBytes }) => {
      downloadedCount += 1;
      downloadedBytes += sizeBytes;
    },
    ...abort,
  });
  await steps.origins.check(packages, stored);
  const packageCount = packages.length;
  const packageBytes = packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const report = { packageCount, packageBytes, downloadedCount, downloadedBytes, cache: paths.packageCache };
  return { report, lock, origins: steps.origins, stored };
}

function cacheOptions({ packageCache }: BuildPaths, { settings, offline, emit }: BuildRequest) {
  return {
    cacheDir: packageCache,
    allCachesDir: path.dirname(packageCache),
    workers: settings.workers,
    offline,
    emit,
  };
}

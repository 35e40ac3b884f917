import type { ComposerError, Sha256Hex } from "../core/index.ts";
import {
  type Lock,
  lockableTime,
  type LockedPackage,
  type PackageLocation,
  readHeadsHere,
  readHeadsThere,
} from "../ospackage/index.ts";
import { packageLocation } from "./package-steps.ts";
import { type PackageFamily, type ProviderBuild, signalOption } from "./provider-build.ts";

/** When packages were built, in seconds since 1970, by digest. */
type BuildTimes = ReadonlyMap<Sha256Hex, number>;

/**
 * Says in a lock when packages were built whose index does not say it: the packages themselves do, in their first bytes.
 *
 * What is on this machine is asked first, then `known`, then the repositories. A package whose time stays unknown is without,
 * and a warning says why: a lock is as good without.
 *
 * @param known what an earlier lock said
 * @throws {HOST_FILE_UNREADABLE} @throws {INTERRUPTED}
 */
export async function withBuildTimes(build: ProviderBuild, lock: Lock, known: BuildTimes): Promise<Lock> {
  const { headTime } = build.family;
  const all = [...lock.packages, ...lock.toolPackages].filter((locked) => locked.buildTimeSeconds === undefined);
  if (headTime === undefined || all.length === 0) return lock;
  const times = await findTimes(build, headTime, [...new Map(all.map((one) => [one.sha256, one])).values()], known);
  const withTime = (locked: LockedPackage): LockedPackage => {
    const { buildTimeSeconds = lockableTime(times.get(locked.sha256)) } = locked;
    return buildTimeSeconds === undefined ? locked : { ...locked, buildTimeSeconds };
  };
  return { ...lock, packages: lock.packages.map(withTime), toolPackages: lock.toolPackages.map(withTime) };
}

async function findTimes(
  build: ProviderBuild,
  headTime: NonNullable<PackageFamily["headTime"]>,
  packages: readonly LockedPackage[],
  known: BuildTimes,
): Promise<BuildTimes> {
  const { host, paths, request } = build;
  const { offline, emit, settings } = request;
  const locations = packages.map((locked) => packageLocation(build, locked, locked.sha256));
  const options = { cacheDir: paths.packageCache, workers: settings.workers, emit, ...signalOption(build) };
  const here = await readHeadsHere(host, locations, headTime, options);
  const elsewhere = locations.filter(({ digest }) => !here.has(digest) && !known.has(digest));
  const asked = elsewhere.filter(({ url }) => !offline || url?.startsWith("file:") === true);
  const { found: there, failure } = await readHeadsThere(host, asked, headTime, options);
  const unknown = elsewhere.filter(({ digest }) => !there.has(digest));
  if (unknown.length > 0) {
    const message = describeUnknown(unknown, failure);
    emit({ type: "warning", stage: "packages", code: "LOCK", message });
  }
  return new Map([...known, ...there, ...here]);
}

function describeUnknown(
  [first, ...more]: readonly PackageLocation<Sha256Hex>[],
  failure: ComposerError | undefined,
): string {
  const name = `"${first?.name}" ${first?.version}`;
  const [which, absent] =
    more.length === 0 ? [`${name} was`, "it is"] : [`${name} and ${more.length} more were`, "they are"];
  return `The lock does not say when ${which} built: ${failure?.message ?? `${absent} not in the cache`}`;
}

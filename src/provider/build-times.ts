import type { Sha256Hex } from "../core/index.ts";
import { type Lock, type LockedPackage, readPackageHeads } from "../ospackage/index.ts";
import { packageLocation } from "./package-steps.ts";
import { type ProviderBuild, signalOption } from "./provider-build.ts";

/**
 * Says in a lock when packages were built whose index does not say it: the packages themselves do, in their first bytes.
 *
 * A package that is nowhere stays without, and a warning names it.
 *
 * @param known times by digest, which nobody has to be asked for
 * @throws as `readPackageHeads` @throws {PACKAGE_FORMAT_INVALID} what a repository has there is no package
 */
export async function withBuildTimes(
  build: ProviderBuild,
  lock: Lock,
  known: ReadonlyMap<Sha256Hex, number>,
): Promise<Lock> {
  const unknown = [...lock.packages, ...lock.toolPackages].filter(
    ({ sha256, buildTimeSeconds }) => buildTimeSeconds === undefined && !known.has(sha256),
  );
  const times = new Map([...known, ...(await readTimes(build, [...byDigest(unknown).values()]))]);
  const withTime = (locked: LockedPackage): LockedPackage => {
    const { buildTimeSeconds = times.get(locked.sha256) } = locked;
    return buildTimeSeconds === undefined ? locked : { ...locked, buildTimeSeconds };
  };
  return { ...lock, packages: lock.packages.map(withTime), toolPackages: lock.toolPackages.map(withTime) };
}

async function readTimes(
  build: ProviderBuild,
  packages: readonly LockedPackage[],
): Promise<readonly (readonly [Sha256Hex, number])[]> {
  const { host, family, paths, request } = build;
  const { offline, emit, settings } = request;
  const { headTime } = family;
  if (headTime === undefined || packages.length === 0) return [];
  const locations = packages.map((locked) => packageLocation(build, locked, locked.sha256));
  const heads = await readPackageHeads(host, locations, headTime.byteCount, {
    cacheDir: paths.packageCache,
    workers: settings.workers,
    offline,
    emit,
    ...signalOption(build),
  });
  const [absent] = packages.filter(({ sha256 }) => !heads.has(sha256));
  if (absent !== undefined) {
    const where = offline ? "in the cache" : "at its mirror";
    const count = packages.length - heads.size;
    const first = `"${absent.name}" ${absent.version}`;
    const which = count === 1 ? `${first} was built: it is` : `${count} packages were built: ${first}, for one, is`;
    const message = `The lock does not say when ${which} not ${where}`;
    emit({ type: "warning", stage: "packages", code: "LOCK", message });
  }
  const named = byDigest(packages);
  return Promise.all(
    Array.from(heads, async ([digest, head]) => {
      const { name, version } = named.get(digest) ?? { name: digest, version: "" };
      return [digest, await headTime.read(only(head), `the package "${name}" ${version}`)] as const;
    }),
  );
}

function byDigest(packages: readonly LockedPackage[]): ReadonlyMap<Sha256Hex, LockedPackage> {
  return new Map(packages.map((locked) => [locked.sha256, locked]));
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

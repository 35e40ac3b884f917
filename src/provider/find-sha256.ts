import path from "node:path";
import {
  fetchPackages,
  inParallel,
  type Resolution,
  type ResolvedPackage,
  throwIfAborted,
} from "../ospackage/index.ts";
import { packageLocation } from "./package-steps.ts";
import { type ProviderBuild, signalOption } from "./provider-build.ts";

const READERS = 4;

/** What was chosen for the image and for the tool root. */
interface ChosenPackages {
  readonly image: Resolution;
  readonly tools: Resolution;
}

/**
 * Gives the packages that were chosen their SHA-256, which a lock has of all of them.
 *
 * Those whose index lists them by SHA-384 or SHA-512 are brought into the cache, checked by that, and measured there.
 *
 * @throws as `fetchPackages`
 */
export async function findSha256(build: ProviderBuild, chosen: ChosenPackages): Promise<ChosenPackages> {
  const { image, tools } = chosen;
  const locations = [...image.packages, ...tools.packages].flatMap((resolved) => {
    const { longDigest } = resolved.package;
    return longDigest === undefined ? [] : [packageLocation(build, placeOf(resolved), longDigest)];
  });
  if (locations.length === 0) return chosen;
  const { host, paths, request } = build;
  const { offline, emit, settings, vendor } = request;
  const files = await fetchPackages(host, locations, {
    cacheDir: paths.packageCache,
    allCachesDir: path.dirname(paths.packageCache),
    workers: settings.workers,
    offline,
    emit,
    ...(vendor === undefined ? {} : { vendor }),
    ...signalOption(build),
  });
  const measured = await inParallel(
    [...files],
    READERS,
    async ([digest, file], signal) => {
      throwIfAborted(signal);
      return [digest, await host.files.sha256(file)] as const;
    },
    request.signal,
  );
  const known = new Map(measured);
  const withSha256 = (resolved: ResolvedPackage): ResolvedPackage => {
    const { longDigest } = resolved.package;
    const sha256 = longDigest === undefined ? undefined : known.get(longDigest);
    return sha256 === undefined ? resolved : { ...resolved, package: { ...resolved.package, sha256 } };
  };
  return {
    image: { ...image, packages: image.packages.map(withSha256) },
    tools: { ...tools, packages: tools.packages.map(withSha256) },
  };
}

function placeOf({ package: chosen, repository }: ResolvedPackage) {
  return { ...chosen, repository: repository.source.id };
}

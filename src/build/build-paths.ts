import path from "node:path";
import type { Settings } from "../config/index.ts";
import type { BuildPaths } from "../provider/index.ts";
import type { BuildControl } from "./build-control.ts";

/** All places of one build. */
export interface BuildPlaces extends BuildPaths {
  /** Which packages need which. */
  readonly dependencyGraph: string;
  /** The images of this system that were made before. */
  readonly imageCache: string;
  /** What a build without caches has in their place; gone when it ends. */
  readonly fresh: string;
  /** Locks of builds that run at the same time. */
  readonly slots: string;
}

/** The caches below `cache_dir`, and the rooms of a provider below `work_dir`. */
export const PACKAGE_CACHE = "pkgCache";
export const IMAGE_CACHE = "imageCache";
export const METADATA_CACHE = "repositories";
export const IMAGE_BUILD = "imagebuild";
export const CHROOT_BUILD = "chrootbuild";
export const TREES = ".trees";
export const RECORDS = ".records";
export const FRESH = ".fresh";
export const SLOTS = ".slots";

const WITH_CACHES = { useCache: true, usePackageCache: true } as const;

/**
 * Where a build keeps what it makes, as the documents lay it out.
 *
 * @param providerId `os-dist-arch`
 * @param target the name of the system configuration, or of the image
 */
export function buildPaths(
  settings: Pick<Settings, "workDir" | "cacheDir">,
  providerId: string,
  target: string,
  { useCache, usePackageCache }: Pick<BuildControl, "useCache" | "usePackageCache"> = WITH_CACHES,
): BuildPlaces {
  const { cacheDir, workDir } = settings;
  const imageBuild = path.join(workDir, providerId, IMAGE_BUILD, target);
  const fresh = path.join(imageBuild, FRESH);
  const packages = path.join(PACKAGE_CACHE, providerId);
  return {
    packageCache: path.join(usePackageCache ? cacheDir : fresh, packages),
    repositoryCache: useCache ? cacheDir : fresh,
    chrootBuild: useCache ? path.join(workDir, providerId, CHROOT_BUILD) : path.join(fresh, CHROOT_BUILD),
    imageBuild,
    trees: path.join(imageBuild, TREES),
    records: useCache ? path.join(imageBuild, RECORDS) : path.join(fresh, RECORDS),
    dependencyGraph: path.join(cacheDir, packages, "chrootpkgs.dot"),
    imageCache: path.join(cacheDir, IMAGE_CACHE, providerId, target),
    fresh,
    slots: path.join(workDir, SLOTS),
  };
}

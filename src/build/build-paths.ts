import path from "node:path";
import type { Settings } from "../config/index.ts";
import type { BuildPaths } from "../provider/index.ts";

/**
 * Where a build keeps what it makes, as the documents lay it out.
 *
 * @param providerId `os-dist-arch`
 * @param target the name of the system configuration, or of the image
 */
export function buildPaths(settings: Settings, providerId: string, target: string): BuildPaths {
  const imageBuild = path.join(settings.workDir, providerId, "imagebuild", target);
  return {
    packageCache: path.join(settings.cacheDir, "pkgCache", providerId),
    repositoryCache: settings.cacheDir,
    chrootBuild: path.join(settings.workDir, providerId, "chrootbuild"),
    imageBuild,
    trees: path.join(imageBuild, ".trees"),
    records: path.join(imageBuild, ".records"),
  };
}

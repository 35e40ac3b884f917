import path from "node:path";
import { compareCodeUnits, type EventSink, type FileDigest } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { hasDigest } from "./has-digest.ts";
import type { PackageIdentity } from "./package-paths.ts";
import { listPackages } from "./prune-packages.ts";

interface WantedPackage extends PackageIdentity {
  readonly sizeBytes: number;
}

/**
 * Copies packages that are already on this machine under another name, or in the cache of another provider: they are
 * known by their size and digest.
 *
 * @param paths where each package belongs, by digest
 * @returns those that are nowhere
 */
export async function takeFromOtherCaches<T extends WantedPackage>(
  { files }: Pick<Host, "files">,
  wanted: readonly T[],
  paths: ReadonlyMap<FileDigest, string>,
  options: { readonly cacheDir: string; readonly allCachesDir?: string; readonly emit: EventSink },
): Promise<readonly T[]> {
  const { cacheDir, allCachesDir = cacheDir, emit } = options;
  const kept = (await listPackages({ files }, allCachesDir))
    .filter(({ isPartial }) => !isPartial)
    .sort((a, b) => compareCodeUnits(a.file, b.file));
  const nowhere: T[] = [];
  for (const location of wanted) {
    const target = paths.get(location.digest);
    const source = await find(location);
    if (source === undefined || target === undefined) {
      nowhere.push(location);
      continue;
    }
    const unfinished = files.temporaryName(cacheDir, `.${path.basename(target)}`);
    await files.makeDirectory(path.dirname(target));
    try {
      await files.copy(source, unfinished);
      await files.rename(unfinished, target);
    } finally {
      await files.remove(unfinished);
    }
    emit({ type: "debug", message: `${location.name} ${location.version} is in the cache as "${source}"` });
  }
  return nowhere;

  async function find({ sizeBytes, digest }: T): Promise<string | undefined> {
    for (const candidate of kept) {
      if (candidate.sizeBytes === sizeBytes && (await hasDigest(files, candidate.file, digest))) return candidate.file;
    }
    return undefined;
  }
}

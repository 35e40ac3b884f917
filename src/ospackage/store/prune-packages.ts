import path from "node:path";
import { compareCodeUnits } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";

/** A file of the package cache. */
export interface CachedPackage {
  readonly file: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly usedMs: number;
  /** A download that has not ended, or that was given up. */
  readonly isPartial: boolean;
}

export interface PruneOptions {
  readonly maxSizeBytes: number;
  readonly retentionDays: number;
  /** Files that stay whatever their size and age. */
  readonly used: ReadonlySet<string>;
  /** Whether no build is using the cache. */
  readonly alone: boolean;
}

export interface Pruned {
  readonly fileCount: number;
  readonly freedBytes: number;
}

type StoreHost = Pick<Host, "files" | "clock">;

const DAY_MS = 24 * 3_600_000;

/**
 * Removes packages that were not used for some days, then the least recently used until the rest fits.
 *
 * @param directory with a directory of packages for each provider
 */
export async function prunePackages(host: StoreHost, directory: string, options: PruneOptions): Promise<Pruned> {
  const nowMs = host.clock.nowMs();
  for (const file of options.used) await countAsUsed(host, file);
  const surplus = planPruning(await listPackages(host, directory), { ...options, nowMs });
  for (const { file } of surplus) {
    await host.files.remove(file);
    await removeIfEmpty(host, path.dirname(file), directory);
  }
  return { fileCount: surplus.length, freedBytes: surplus.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** What has to go. */
export function planPruning(
  packages: readonly CachedPackage[],
  { maxSizeBytes, retentionDays, used, alone, nowMs }: PruneOptions & { readonly nowMs: number },
): readonly CachedPackage[] {
  const isIdle = ({ usedMs }: CachedPackage): boolean => nowMs - usedMs > DAY_MS;
  const candidates = packages
    .filter((one) => !used.has(one.file) && (isIdle(one) || (alone && !one.isPartial)))
    .sort((a, b) => a.usedMs - b.usedMs || compareCodeUnits(a.file, b.file));
  let sizeBytes = packages.reduce((sum, one) => sum + one.sizeBytes, 0);
  return candidates.filter((one) => {
    const isOld = nowMs - one.usedMs > retentionDays * DAY_MS;
    if (!isOld && sizeBytes <= maxSizeBytes) return false;
    sizeBytes -= one.sizeBytes;
    return true;
  });
}

/** The time of a package in the cache is that of its last use. */
export async function countAsUsed({ files, clock }: StoreHost, file: string): Promise<void> {
  if (await files.exists(file)) await files.setTimes(file, clock.nowMs() / 1000);
}

/** Every package file below a directory, and every download that has not ended. */
export async function listPackages({ files }: Pick<Host, "files">, directory: string): Promise<CachedPackage[]> {
  const found: CachedPackage[] = [];
  for (const name of await files.list(directory)) {
    const file = path.join(directory, name);
    const stat = await files.stat(file);
    if (stat?.kind === "directory") found.push(...(await listPackages({ files }, file)));
    const isPartial = path.basename(directory) === "partial";
    if (stat?.kind !== "file" || (!isPartial && !/\.(deb|rpm)$/.test(name))) continue;
    found.push({ file, sizeBytes: stat.sizeBytes, usedMs: stat.mtimeMs, isPartial });
  }
  return found;
}

/** Packages with the name of another are in a directory of their own. */
async function removeIfEmpty({ files }: StoreHost, directory: string, root: string): Promise<void> {
  const isOfProvider = path.dirname(directory) === root || directory === root;
  if (!isOfProvider && (await files.list(directory)).length === 0) await files.remove(directory);
}

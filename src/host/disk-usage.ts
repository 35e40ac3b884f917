import * as fs from "node:fs/promises";
import path from "node:path";

/** What files take on disk: blocks, so that holes count nothing. */
export interface DiskUsage {
  readonly fileCount: number;
  /** A file with several names counts once. */
  readonly sizeBytes: number;
  /** What removing all of them would free: files that have a name elsewhere stay. */
  readonly freeableBytes: number;
}

const BLOCK_BYTES = 512;

interface Inode {
  readonly sizeBytes: number;
  readonly linkCount: number;
  seenCount: number;
}

/** Measures files and directories with all that is below them; what is not there, or not ours to read, counts nothing. */
export async function diskUsage(targets: readonly string[]): Promise<DiskUsage> {
  const inodes = new Map<string, Inode>();
  let fileCount = 0;

  const visit = async (target: string): Promise<void> => {
    const stat = await fs.lstat(target).catch(() => undefined);
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      const names = await fs.readdir(target).catch(() => []);
      for (const name of names) await visit(path.join(target, name));
      return;
    }
    fileCount += 1;
    const id = `${stat.dev}:${stat.ino}`;
    const known = inodes.get(id);
    if (known !== undefined) known.seenCount += 1;
    else inodes.set(id, { sizeBytes: stat.blocks * BLOCK_BYTES, linkCount: stat.nlink, seenCount: 1 });
  };

  for (const target of targets) await visit(target);
  const all = [...inodes.values()];
  const sum = (some: readonly Inode[]): number => some.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const freeable = all.filter(({ linkCount, seenCount }) => seenCount >= linkCount);
  return { fileCount, sizeBytes: sum(all), freeableBytes: sum(freeable) };
}

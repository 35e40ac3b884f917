import path from "node:path";
import { ComposerError, type EventSink, formatSize } from "../core/index.ts";
import type { Host } from "../host/index.ts";

/** Where root trees are made: `auto` takes memory when enough is free. */
export type TreeStorage = "auto" | "tmpfs" | "disk";

/** A place for the trees of one build; nothing of it outlives the build. */
export interface Trees {
  readonly directory: string;
  /** Whether there is memory for so much more, even if all that was asked for is still to be taken. */
  hasRoomFor(moreBytes: number): Promise<boolean>;
  /** Removes the trees, also those of an earlier build that was killed here. */
  dispose(): Promise<void>;
}

export interface TreesOptions {
  /** An empty or missing directory that only this build uses. */
  readonly directory: string;
  readonly storage: TreeStorage;
  /** What the trees will take, in bytes. */
  readonly neededBytes: number;
  /** What else will be written to that file system meanwhile. */
  readonly besidesBytes: number;
  readonly emit: EventSink;
}

/** More than this part of the free memory is never taken: programs need some too. */
const MEMORY_SHARE = 0.7;

/**
 * Makes the place for root trees: a tmpfs in our own mount namespace, which ends with us whatever happens, or a
 * directory on disk.
 *
 * @throws {HOST_MEMORY_LOW} `tmpfs` was asked for and memory is short
 * @throws {HOST_DISK_FULL} the disk is too full for the trees
 */
export async function createTrees(host: Host, options: TreesOptions): Promise<Trees> {
  const { directory, neededBytes } = options;
  await host.files.remove(directory);
  await host.files.makeDirectory(directory);
  const inMemory = await shouldUseMemory(host, options);
  if (inMemory) {
    // What is not used is not taken; an estimate that is a little low must not end a build.
    const size = `size=${Math.ceil(neededBytes * 2)},mode=0755`;
    await host.processes.run({ argv: ["mount", "-t", "tmpfs", "-o", size, "trees", directory], package: "mount" });
  } else {
    await requireDiskSpace(host, options);
  }
  return {
    directory,
    hasRoomFor: async (moreBytes) =>
      inMemory && neededBytes + moreBytes <= (await freeMemoryBytes(host)) * MEMORY_SHARE,
    dispose: async () => {
      if (inMemory) await host.processes.run({ argv: ["umount", "-l", directory], package: "mount" });
      await host.files.remove(directory);
    },
  };
}

async function shouldUseMemory(host: Host, { storage, neededBytes, emit }: TreesOptions): Promise<boolean> {
  if (storage === "disk") return false;
  const freeBytes = await freeMemoryBytes(host);
  if (neededBytes <= freeBytes * MEMORY_SHARE) {
    emit({
      type: "info",
      stage: "compose",
      message: `Working in memory (${formatSize(neededBytes)} of ${formatSize(freeBytes)} free)`,
    });
    return true;
  }
  const shortage = `${formatSize(neededBytes)} are needed and ${formatSize(freeBytes)} of memory are free`;
  if (storage === "tmpfs") {
    throw new ComposerError("HOST_MEMORY_LOW", `Cannot work in memory: ${shortage}`, {
      hint: "Set tree_storage to auto or disk in the configuration file",
    });
  }
  emit({
    type: "warning",
    stage: "compose",
    code: "TREE_ON_DISK",
    message: `Working on disk, which is slower: ${shortage}`,
  });
  return false;
}

async function requireDiskSpace(host: Host, options: TreesOptions): Promise<void> {
  const { directory } = options;
  const neededBytes = options.neededBytes + options.besidesBytes;
  const freeBytes = await host.files.freeBytes(directory);
  if (freeBytes >= neededBytes) return;
  throw new ComposerError(
    "HOST_DISK_FULL",
    `Cannot build in "${path.dirname(directory)}": about ${formatSize(neededBytes)} are needed and ${formatSize(freeBytes)} are free`,
    { hint: "Free space there, or choose another directory with --work-dir" },
  );
}

/** MemAvailable. @see proc_meminfo(5) */
async function freeMemoryBytes(host: Host): Promise<number> {
  const text = await host.files.readText("/proc/meminfo");
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
  return match === null ? 0 : Number(match[1]) * 1024;
}

import path from "node:path";
import { ComposerError, formatSize, sha256 } from "../core/index.ts";
import type { Host, HostFiles } from "../host/index.ts";
import type { VendorDirectory } from "../ospackage/index.ts";
import type { VendorFile } from "./vendor-layout.ts";
import type { VendorTarget } from "./vendor-target.ts";

/** What writing a vendor directory changed. */
export interface VendorChanges {
  readonly writtenCount: number;
  readonly keptCount: number;
  readonly removedCount: number;
}

const SPARE_BYTES = 16 * 1024 ** 2;

/**
 * Makes a vendor directory beside its place and puts it there when it is complete; every file is verified.
 *
 * @param before what is there now: files that stay the same are taken over as they are
 * @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE} @throws {INTERRUPTED}
 */
export async function writeVendorDirectory(
  { files }: Pick<Host, "files">,
  target: VendorTarget,
  planned: readonly VendorFile[],
  before: VendorDirectory | undefined,
  signal: AbortSignal | undefined,
): Promise<VendorChanges> {
  const { unfinished } = target;
  const kept = new Set<string>();
  for (const file of planned) {
    if (before !== undefined && (await isSame(files, before, file))) kept.add(file.path);
  }
  const fresh = planned.filter((file) => !kept.has(file.path));
  try {
    await files.makeDirectory(unfinished, 0o755);
    await requireSpace(files, target, fresh);
    for (const file of planned) {
      if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
      const place = path.join(unfinished, file.path);
      await files.makeDirectory(path.dirname(place), 0o755);
      if (before !== undefined && kept.has(file.path)) await keep(files, path.join(before.directory, file.path), place);
      else await write(files, file, place);
    }
    await putInPlace(files, target, before !== undefined);
  } finally {
    await files.remove(unfinished);
  }
  const removed = [...(before?.digests.keys() ?? [])].filter((name) => !planned.some((file) => file.path === name));
  return { writtenCount: fresh.length, keptCount: kept.size, removedCount: removed.length };
}

async function isSame(files: HostFiles, before: VendorDirectory, planned: VendorFile): Promise<boolean> {
  const file = path.join(before.directory, planned.path);
  if ((await files.stat(file))?.kind !== "file") return false;
  return (await files.sha256(file)) === planned.sha256;
}

async function requireSpace(files: HostFiles, target: VendorTarget, fresh: readonly VendorFile[]): Promise<void> {
  const neededBytes = fresh.reduce((sum, file) => sum + sizeOf(file), 0);
  const freeBytes = await files.freeBytes(target.unfinished);
  if (freeBytes >= neededBytes + SPARE_BYTES) return;
  throw new ComposerError(
    "HOST_DISK_FULL",
    `Cannot write "${target.directory}": ${formatSize(neededBytes)} are needed and ${formatSize(freeBytes)} are free`,
    { hint: "Free space there, or name a directory on another file system" },
  );
}

function sizeOf(file: VendorFile): number {
  return "content" in file ? file.content.length : file.sizeBytes;
}

/** The same file under a second name, with the time that tells other programs that it did not change. */
async function keep(files: HostFiles, from: string, to: string): Promise<void> {
  const stat = await files.stat(from);
  await files.share(from, to);
  if (stat !== undefined) await files.setTimes(to, stat.mtimeMs / 1000);
}

async function write(files: HostFiles, planned: VendorFile, place: string): Promise<void> {
  if ("content" in planned) {
    await files.write(place, planned.content, 0o644);
    if (sha256(planned.content) === planned.sha256) return;
  } else {
    await files.copy(planned.file, place);
    await files.setMode(place, 0o644);
    if ((await files.sha256(place)) === planned.sha256) return;
  }
  throw new ComposerError("REPOSITORY_DIGEST_MISMATCH", `Cannot write "${place}": its copy has another SHA-256`, {
    hint: "Something changed the file meanwhile, or the disk is faulty: try again",
  });
}

async function putInPlace(files: HostFiles, target: VendorTarget, isUpdate: boolean): Promise<void> {
  const { directory, unfinished, replaced } = target;
  if (!isUpdate) return files.rename(unfinished, directory);
  await files.rename(directory, replaced);
  try {
    await files.rename(unfinished, directory);
  } catch (error) {
    await files.rename(replaced, directory);
    throw error;
  }
  await files.remove(replaced);
}

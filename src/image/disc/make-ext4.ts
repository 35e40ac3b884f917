import { ComposerError, formatSize, isComposerError } from "../../core/index.ts";
import { type CommandResult, FREE_SPACE_HINT, type HostFiles } from "../../host/index.ts";
import { listXattrsArgv, parseXattrs } from "./ext4-xattrs.ts";
import { checkDebugfs, countUsedInodes, finishExt4Call } from "./finish-ext4.ts";
import { type Ext4Options, mke2fsArgv, type ProgramCall } from "./plan-ext4.ts";

/** What mke2fs says when it has run out of blocks or inodes. */
const FULL = /Could not allocate (?:block|inode)|too (?:small|big) for|Not enough space/;

/**
 * Makes an ext4 file system with a tree in it, inside an image file: equal trees and options give equal bytes, whatever
 * the file system, the mount options and the clock of the host.
 *
 * @param run starts mke2fs, debugfs (e2fsprogs ≥ 1.47) and getfattr (attr) where `options.imageFile` and
 *   `options.rootDirectory` are visible
 * @param hostImageFile the image file as this program sees it
 * @throws {IMAGE_TOO_SMALL} the tree does not fit
 * @throws {HOST_DISK_FULL} the image file cannot grow
 * @throws {IMAGE_PLAN_INVALID} an extended attribute is too long
 */
export async function makeExt4(
  files: Pick<HostFiles, "open">,
  run: (call: ProgramCall) => Promise<CommandResult>,
  hostImageFile: string,
  options: Ext4Options,
): Promise<void> {
  await populate(run, hostImageFile, options);
  const { rootDirectory, imageFile, offsetBytes, sourceDateEpoch } = options;
  if (rootDirectory === undefined) return;
  const list = await run({ argv: listXattrsArgv(rootDirectory), env: { LC_ALL: "C" } });
  const xattrs = parseXattrs(list.stdout, rootDirectory);
  const usedInodes = await usedInodesOf(files, hostImageFile, offsetBytes);
  const finished = await run(finishExt4Call({ imageFile, offsetBytes, sourceDateEpoch, usedInodes, xattrs }));
  checkDebugfs(finished.stderr);
}

async function populate(
  run: (call: ProgramCall) => Promise<CommandResult>,
  hostImageFile: string,
  options: Ext4Options,
): Promise<void> {
  try {
    await run(mke2fsArgv(options));
  } catch (error) {
    if (isComposerError(error, "HOST_DISK_FULL")) {
      const message = `Cannot write "${hostImageFile}": no space is left on its file system`;
      throw new ComposerError("HOST_DISK_FULL", message, { hint: FREE_SPACE_HINT, cause: error });
    }
    if (!isComposerError(error, "HOST_PROGRAM_FAILED") || !error.details.some((line) => FULL.test(line))) throw error;
    const inodes = error.details.some((line) => line.includes("allocate inode"));
    throw new ComposerError(
      "IMAGE_TOO_SMALL",
      `Cannot fill the ext4 file system: ${inodes ? "there are more files than inodes" : "the files do not fit"} in ${formatSize(options.sizeBytes)}`,
      { hint: "Make the partition and the disk larger in the template", details: error.details, cause: error },
    );
  }
}

async function usedInodesOf(files: Pick<HostFiles, "open">, file: string, offsetBytes: number): Promise<number> {
  await using image = await files.open(file);
  return countUsedInodes(image, offsetBytes);
}

import { ComposerError } from "../../core/index.ts";
import type { OpenFile } from "../../host/index.ts";
import type { Xattr } from "./ext4-xattrs.ts";
import { fixedTime, type ProgramCall } from "./plan-ext4.ts";

export interface FinishExt4Options {
  /** As the program that runs debugfs sees it. */
  readonly imageFile: string;
  readonly offsetBytes: number;
  readonly sourceDateEpoch: number;
  /** As {@link countUsedInodes} finds it right after mke2fs. */
  readonly usedInodes: number;
  readonly xattrs: readonly Xattr[];
}

const SUPERBLOCK_OFFSET = 1024;
const SUPERBLOCK_MAGIC = 0xef53;
/** The inodes before it have no times that a reader sees; it is lost+found. */
const FIRST_INODE = 11;
const ROOT_INODE = 2;
/** debugfs reads its commands into 8 KiB; a byte takes four. */
const MAX_COMMAND_BYTES = 8000;

/**
 * The inodes that a fresh ext4 file system uses: mke2fs takes them one after the other, so these are the first ones.
 *
 * @throws {IMAGE_PLAN_INVALID} there is no ext4 file system
 * @see https://docs.kernel.org/filesystems/ext4/super.html
 */
export async function countUsedInodes(file: OpenFile, offsetBytes: number): Promise<number> {
  const superblock = Buffer.from(await file.readAt(offsetBytes + SUPERBLOCK_OFFSET, 64));
  if (superblock.length < 64 || superblock.readUInt16LE(56) !== SUPERBLOCK_MAGIC) {
    throw new ComposerError("IMAGE_PLAN_INVALID", `Cannot read an ext4 file system at ${offsetBytes}: there is none`);
  }
  return superblock.readUInt32LE(0) - superblock.readUInt32LE(16);
}

/**
 * The call of debugfs that takes what is left of the host out of a fresh ext4 file system: the times of access and
 * change, and the order of extended attributes.
 *
 * mke2fs takes access and change times from the tree as long as they are not after the epoch. Whether a file was read
 * depends on mount options, whether times are after the epoch on the clock; no program can set a change time in a tree.
 *
 * debugfs ends with 0 whatever happens: give what it wrote to standard error to {@link checkDebugfs}.
 *
 * @throws {IMAGE_PLAN_INVALID} an attribute is longer, or a path stranger, than debugfs can take
 * @see debugfs(8)
 */
export function finishExt4Call(options: FinishExt4Options): ProgramCall {
  const epoch = `@${options.sourceDateEpoch}`;
  const inodes = Array.from({ length: options.usedInodes - FIRST_INODE + 1 }, (_, index) => FIRST_INODE + index);
  const commands = [
    ...[ROOT_INODE, ...inodes].flatMap((inode) =>
      ["atime", "ctime"].map((field) => `set_inode_field <${inode}> ${field} ${epoch}\n`),
    ),
    ...options.xattrs.map(formatSetXattr),
  ];
  return {
    argv: ["debugfs", "-w", "-f", "-", `${options.imageFile}?offset=${options.offsetBytes}`],
    env: fixedTime(options.sourceDateEpoch),
    input: commands.join(""),
  };
}

/** @throws {HOST_PROGRAM_FAILED} debugfs complained about a command */
export function checkDebugfs(stderr: string): void {
  const complaints = stderr.split("\n").filter((line) => line.trim() !== "" && !/^debugfs \d/.test(line));
  if (complaints.length === 0) return;
  throw new ComposerError("HOST_PROGRAM_FAILED", "Cannot finish the ext4 file system: debugfs refused a command", {
    details: complaints.slice(0, 20),
  });
}

function formatSetXattr(xattr: Xattr): string {
  const value = Array.from(xattr.value, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const command = `ea_set ${quote(xattr.path)} ${quote(xattr.name)} "${value}"\n`;
  if (!/[\n\r\0]./.test(command) && Buffer.byteLength(command) <= MAX_COMMAND_BYTES) return command;
  throw new ComposerError(
    "IMAGE_PLAN_INVALID",
    `Cannot keep the extended attribute "${xattr.name}" of "${xattr.path}": debugfs cannot take it`,
    { hint: "Remove the attribute, or shorten its value to 1900 bytes" },
  );
}

/** A word of debugfs: a doubled quote stands for one. */
function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

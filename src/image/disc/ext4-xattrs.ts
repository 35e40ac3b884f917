import { compareCodeUnits, ComposerError } from "../../core/index.ts";
import type { ProgramCall } from "./plan-ext4.ts";

/** An extended attribute of a file of a tree. */
export interface Xattr {
  /** Absolute, with the tree as `/`. */
  readonly path: string;
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * What an image may have from the tree that it is made of. Labels of the host's SELinux and marks of overlayfs are about
 * the host; `trusted.` is not seen inside a user namespace, so it would differ between users.
 */
const KEPT = /^(?:security\.(?:capability|ima|evm)|system\.posix_acl_(?:access|default)|user\.(?!overlay\.).+)$/s;

/** debugfs reads its commands into 8 KiB; a byte takes four. */
const MAX_COMMAND_BYTES = 8000;

/** The call of getfattr (package attr) that lists all attributes of a tree for {@link parseXattrs}. */
export function listXattrsArgv(tree: string): readonly [string, ...string[]] {
  return [
    "getfattr",
    "--recursive",
    "--physical",
    "--no-dereference",
    "--match=-",
    "--dump",
    "--encoding=hex",
    "--absolute-names",
    tree,
  ];
}

/**
 * Reads the list that getfattr prints; leaves out what does not belong in an image.
 *
 * @param tree the directory that was listed
 * @returns by path, then name: file systems list attributes in different orders, images have them in this one
 */
export function parseXattrs(text: string, tree: string): Xattr[] {
  const prefix = tree.endsWith("/") ? tree.slice(0, -1) : tree;
  const xattrs: Xattr[] = [];
  let path = "/";
  for (const line of text.split("\n")) {
    if (line.startsWith("# file: ")) {
      path = unescape(line.slice("# file: ".length)).slice(prefix.length) || "/";
      continue;
    }
    const match = /^(.*?)(?:=0x([0-9a-f]*))?$/i.exec(line);
    const name = unescape(match?.[1] ?? "");
    if (KEPT.test(name)) xattrs.push({ path, name, value: Buffer.from(match?.[2] ?? "", "hex") });
  }
  return xattrs.sort((a, b) => compareCodeUnits(a.path, b.path) || compareCodeUnits(a.name, b.name));
}

/**
 * The call of debugfs, and its standard input, that sets extended attributes in an ext4 file system inside a file.
 *
 * It ends with 0 whatever happens: give what it wrote to standard error to {@link checkDebugfs}.
 *
 * @throws {IMAGE_PLAN_INVALID} an attribute is longer, or a path stranger, than debugfs can take
 * @see debugfs(8), `ea_set`
 */
export function setXattrsCall(
  place: { readonly imageFile: string; readonly offsetBytes: number; readonly sourceDateEpoch: number },
  xattrs: readonly Xattr[],
): ProgramCall & { readonly input: string } {
  return {
    argv: ["debugfs", "-w", "-f", "-", `${place.imageFile}?offset=${place.offsetBytes}`],
    env: { SOURCE_DATE_EPOCH: String(place.sourceDateEpoch), LC_ALL: "C" },
    input: xattrs.map(formatCommand).join(""),
  };
}

/** @throws {HOST_PROGRAM_FAILED} debugfs complained about a command */
export function checkDebugfs(stderr: string): void {
  const complaints = stderr.split("\n").filter((line) => line.trim() !== "" && !/^debugfs \d/.test(line));
  if (complaints.length === 0) return;
  throw new ComposerError(
    "HOST_PROGRAM_FAILED",
    "Cannot set extended attributes in the ext4 file system: debugfs refused",
    {
      details: complaints,
    },
  );
}

function formatCommand(xattr: Xattr): string {
  const value = Array.from(xattr.value, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const command = `ea_set ${quote(xattr.path)} ${quote(xattr.name)} "${value}"\n`;
  if (!/[\n\r].|\0/.test(command) && Buffer.byteLength(command) <= MAX_COMMAND_BYTES) return command;
  throw new ComposerError(
    "IMAGE_PLAN_INVALID",
    `Cannot keep the extended attribute "${xattr.name}" of "${xattr.path}": debugfs cannot take it`,
    { hint: "Remove the attribute, or shorten its value to 1900 bytes" },
  );
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** getfattr writes some bytes as a backslash and three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

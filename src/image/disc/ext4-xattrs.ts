import { compareCodeUnits } from "../../core/index.ts";

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

/** getfattr writes some bytes as a backslash and three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import type { Host } from "../host/index.ts";
import type { Bind, RootRunner } from "./run-in-root.ts";
import { through } from "./through.ts";

/** Where the tree is seen inside the tool root. */
const INSIDE = "/run/tree";

/** Everything that makes a file: owners as numbers, extended attributes, holes. */
const TAR_METADATA = ["--format=posix", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--sparse"] as const;

/** Fast beats small here: these archives only save work between two builds on one machine. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Writes a root tree into one compressed archive, complete or not at all. */
export async function saveTree(host: Host, tools: RootRunner, tree: string, archive: string): Promise<void> {
  const packed = tools.stream({
    argv: ["tar", ...TAR_METADATA, "--sort=name", "-C", INSIDE, "-cf", "-", "."],
    binds: [treeBind(tree, false)],
  });
  await host.files.writeAtomic(archive, through(packed, createZstdCompress(ZSTD)));
}

/** Makes the tree that {@link saveTree} wrote, in a directory that is empty or not there. */
export async function restoreTree(host: Host, tools: RootRunner, archive: string, tree: string): Promise<void> {
  await host.files.makeDirectory(tree, 0o755);
  await tools.run({
    argv: ["tar", ...TAR_METADATA, "-C", INSIDE, "-xpf", "-"],
    binds: [treeBind(tree, true)],
    input: through(host.files.readStream(archive), createZstdDecompress()),
  });
}

function treeBind(tree: string, writable: boolean): Bind {
  return { source: tree, target: INSIDE, writable };
}

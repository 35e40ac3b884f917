import path from "node:path";
import type { Host } from "../host/index.ts";
import type { Bind, RootRunner } from "./run-in-root.ts";

/** Where trees and archive are seen inside the tool root. */
const TREE = "/run/tree";
const COPY = "/run/copy";
const ARCHIVES = "/run/archives";

/** Everything that makes a file: owners as numbers, extended attributes, holes. */
const TAR_METADATA = ["--format=posix", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--sparse"] as const;

/** Fast beats small here: these archives only save work between two builds on one machine. */
const COMPRESSION = "--use-compress-program=zstd -1 -T0";

/** Writes a root tree into one compressed archive, complete or not at all. */
export async function saveTree(host: Host, tools: RootRunner, tree: string, archive: string): Promise<void> {
  const [directory, name] = [path.dirname(archive), path.basename(archive)];
  await host.files.makeDirectory(directory);
  const unfinished = host.files.temporaryName(directory, `.${name}`);
  try {
    const file = path.posix.join(ARCHIVES, path.basename(unfinished));
    await tools.run({
      argv: ["tar", ...TAR_METADATA, COMPRESSION, "--sort=name", "-C", TREE, "-cf", file, "."],
      binds: [treeBind(tree, false), { source: directory, target: ARCHIVES, writable: true }],
    });
    await host.files.rename(unfinished, archive);
  } finally {
    await host.files.remove(unfinished);
  }
}

/** Makes the tree that {@link saveTree} wrote, in a directory that is empty or not there. */
export async function restoreTree(host: Host, tools: RootRunner, archive: string, tree: string): Promise<void> {
  await host.files.makeDirectory(tree, 0o755);
  const file = path.posix.join(ARCHIVES, path.basename(archive));
  await tools.run({
    argv: ["tar", ...TAR_METADATA, COMPRESSION, "-C", TREE, "-xpf", file],
    binds: [treeBind(tree, true), { source: path.dirname(archive), target: ARCHIVES, writable: false }],
  });
}

/** Makes a second tree like the first one, in a directory that is not there. */
export async function copyTree(host: Host, tools: RootRunner, tree: string, copy: string): Promise<void> {
  await host.files.makeDirectory(copy, 0o755);
  await tools.run({
    argv: ["cp", "--archive", `${TREE}/.`, COPY],
    binds: [treeBind(tree, false), { source: copy, target: COPY, writable: true }],
  });
}

function treeBind(tree: string, writable: boolean): Bind {
  return { source: tree, target: TREE, writable };
}

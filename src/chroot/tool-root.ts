import { createGzip } from "node:zlib";
import { createTreeWriter, type Host, type TreeWriter } from "../host/index.ts";
import { decompress, unpackDeb, unpackRpm, unpackTar } from "../ospackage/index.ts";
import type { RootRunner } from "./run-in-root.ts";
import { through } from "./through.ts";

/** Fast beats small: the archive stays on this machine. Large pieces leave the one thread that handles them to others. */
const GZIP = { level: 1, chunkSize: 256 * 1024 };

/**
 * Unpacks the packages of a tool root. Nothing is installed: no package script runs, no database is written.
 *
 * @param files verified package files, in installation order
 * @param root an existing empty directory
 */
export async function unpackDebs(host: Host, files: readonly string[], root: string): Promise<void> {
  const tree = createTreeWriter(root, { setOwners: true });
  await unpackInto(host, root, tree, files, (file) => unpackDeb(host, file, tree));
}

/** As {@link unpackDebs}. The distribution's own links, such as `/usr/lib64 -> lib`, replace directories that are still empty. */
export async function unpackRpms(host: Host, files: readonly string[], root: string): Promise<void> {
  const tree = createTreeWriter(root, { setOwners: true, linksReplaceEmptyDirectories: true });
  await unpackInto(host, root, tree, files, (file) => unpackRpm(host, file, tree));
}

async function unpackInto(
  host: Host,
  root: string,
  tree: TreeWriter,
  files: readonly string[],
  unpack: (file: string) => Promise<unknown>,
): Promise<void> {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await host.files.makeDirectory(`${root}/usr/${name}`, 0o755);
    await host.files.symlink(`usr/${name}`, `${root}/${name}`);
  }
  for (const file of files) await unpack(file);
  tree.finish();
}

/** Keeps a tool root as one file, complete or not at all. */
export async function saveToolRoot(host: Host, tools: RootRunner, archive: string): Promise<void> {
  const argv = ["tar", "--numeric-owner", "--sort=name", "--one-file-system", "-C", "/", "-cf", "-"] as const;
  const excluded = ["proc", "sys", "dev", "run", "tmp"].map((name) => `--exclude=./${name}/*`);
  const packed = tools.stream({ argv: [...argv, ...excluded, "."] });
  await host.files.writeAtomic(archive, through(packed, createGzip(GZIP)));
}

/** Unpacks what {@link saveToolRoot} wrote into an existing empty directory, by our own reader: no program is there yet. */
export async function restoreToolRoot(host: Host, archive: string, root: string): Promise<void> {
  const tree = createTreeWriter(root, { setOwners: true });
  const object = `"${archive}"`;
  await unpackTar(decompress(host, "gz", host.files.readStream(archive), { object }), tree, object);
  tree.finish();
}

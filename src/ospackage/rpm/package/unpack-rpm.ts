import { ComposerError, type EventSink } from "../../../core/index.ts";
import type { Host, TreeWriter } from "../../../host/index.ts";
import { decompress } from "../../compression/index.ts";
import { openRpm } from "./open-rpm.ts";
import { createPayloadCheck } from "./payload-digest.ts";
import { describeRpm } from "./read-rpm-package.ts";
import { type RpmEntry, compressionOfPayload, linkKey, matchEntries } from "./rpm-entries.ts";
import type { RpmFile } from "./rpm-files.ts";
import { parseRpmHeader } from "./rpm-header.ts";

export interface RpmReadOptions {
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

export interface UnpackRpmOptions extends RpmReadOptions {
  /** Tells which files to write; all when absent. */
  readonly include?: (file: RpmFile) => boolean;
}

/**
 * Everything in the payload of a binary package, in its order; ends with an error when the payload is not the one that
 * the header has the digest of.
 *
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} @throws {PACKAGE_UNSAFE_PATH}
 * @throws {PACKAGE_DIGEST_MISMATCH} @throws {HOST_FILE_UNREADABLE}
 */
export async function* readRpmEntries(
  host: Pick<Host, "files" | "processes">,
  file: string,
  options: RpmReadOptions = {},
): AsyncGenerator<RpmEntry, void, undefined> {
  const object = `"${file}"`;
  const { headerBytes, reader } = await openRpm(host.files.readStream(file), object);
  try {
    const header = parseRpmHeader(headerBytes, "immutable", object);
    const { files, payloadFormat, payloadCompressor } = describeRpm(header, object);
    if (payloadFormat !== "cpio") {
      throw new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: its payload is ${payloadFormat}`);
    }
    const check = createPayloadCheck(header, object);
    const start = await reader.readUpTo(2);
    const format = compressionOfPayload(payloadCompressor, start, object);
    const compressed = async function* (): AsyncGenerator<Uint8Array> {
      check.add(start);
      yield start;
      for await (const piece of reader.rest()) {
        check.add(piece);
        yield piece;
      }
    };
    const plain = decompress(host, format, compressed(), { ...options, object: `the payload of ${object}` });
    yield* matchEntries(plain, files, object);
    // A decoder may stop at the end of its format.
    for await (const piece of reader.rest()) check.add(piece);
    check.finish();
  } finally {
    await reader.close();
  }
}

/**
 * Reads the payload of a binary package to its end: every file in it must be one that the header has, and none may lead
 * out of a tree.
 *
 * @throws as `readRpmEntries` @throws {INTERRUPTED}
 */
export async function checkRpmPayload(
  host: Pick<Host, "files" | "processes">,
  file: string,
  options: RpmReadOptions = {},
): Promise<void> {
  const entries = readRpmEntries(host, file, options);
  try {
    while ((await entries.next()).done !== true) {
      if (options.signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    }
  } finally {
    await entries.return();
  }
}

/**
 * Writes the files of a binary package into a tree; runs nothing of the package.
 *
 * Everything belongs to root: the names of other owners mean nothing before the package that makes them is installed.
 * Capabilities are not set. Directories get their final form when the caller ends with `tree.finish()`.
 *
 * @returns what was left out: device nodes, pipes and sockets, which no namespace of a plain user can have
 * @throws {PACKAGE_UNSAFE_PATH} an entry leads out of the tree
 * @throws {PACKAGE_FORMAT_INVALID} the file is damaged, or header and payload disagree
 * @throws {PACKAGE_DIGEST_MISMATCH} the payload is not the one that the header has the digest of
 * @throws {PACKAGE_TOO_LARGE} a limit of the tree is passed
 * @throws {HOST_FILE_UNREADABLE} @throws {HOST_FILE_UNWRITABLE} @throws {HOST_DISK_FULL} @throws {INTERRUPTED}
 */
export async function unpackRpm(
  host: Pick<Host, "files" | "processes">,
  file: string,
  tree: TreeWriter,
  options: UnpackRpmOptions = {},
): Promise<readonly RpmFile[]> {
  const { include = () => true, signal } = options;
  const leftOut: RpmFile[] = [];
  const links = createHardLinks(tree, include, file);
  for await (const entry of readRpmEntries(host, file, options)) {
    if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    const { type, linkCount, path, linkTarget } = entry.file;
    if (type === "file" && linkCount > 1) await links.add(entry);
    else if (!include(entry.file)) continue;
    else if (type === "file") await tree.file(nameOf(path), attributesOf(entry.file), entry.content);
    else if (type === "directory") tree.directory(nameOf(path), attributesOf(entry.file));
    else if (type === "symlink") tree.symlink(nameOf(path), linkTarget, attributesOf(entry.file));
    else leftOut.push(entry.file);
  }
  await links.finish();
  return leftOut;
}

/** Files of several names: the content comes with one of them, in most packages with the last. */
function createHardLinks(tree: TreeWriter, include: (file: RpmFile) => boolean, object: string) {
  interface Links {
    readonly wanted: RpmFile[];
    written?: RpmFile;
    seen: number;
  }
  const all = new Map<string, Links>();

  /** Writes the content under the first wanted name. */
  async function write(links: Links, content: RpmEntry["content"] | Uint8Array): Promise<void> {
    const [first] = links.wanted;
    if (first === undefined) return;
    await tree.file(nameOf(first.path), attributesOf(first), content);
    links.written = first;
  }
  async function complete(links: Links): Promise<void> {
    const [first] = links.wanted;
    if (links.written === undefined && first !== undefined) {
      if (first.sizeBytes > 0) {
        const message = `Cannot read "${object}": the content of the hard link "${first.path}" is missing`;
        throw new ComposerError("PACKAGE_FORMAT_INVALID", message);
      }
      await write(links, new Uint8Array(0));
    }
    for (const { path } of links.wanted) {
      if (links.written !== undefined && path !== links.written.path)
        tree.hardlink(nameOf(path), nameOf(links.written.path));
    }
    links.wanted.length = 0;
  }
  return {
    async add({ file, sizeBytes, content }: RpmEntry): Promise<void> {
      const links = all.get(linkKey(file)) ?? { wanted: [], seen: 0 };
      all.set(linkKey(file), links);
      links.seen += 1;
      if (include(file)) links.wanted.push(file);
      if (sizeBytes > 0 && links.written === undefined) await write(links, content);
      if (links.seen === file.linkCount) await complete(links);
    },
    async finish(): Promise<void> {
      for (const links of all.values()) await complete(links);
    },
  };
}

function nameOf(path: string): string {
  return `.${path}`;
}

function attributesOf({ mode, mtimeSeconds, sizeBytes }: RpmFile) {
  return { mode, uid: 0, gid: 0, mtimeSeconds, sizeBytes };
}

import { ComposerError, type EventSink, formatSize } from "../../core/index.ts";
import type { Host, TreeWriter } from "../../host/index.ts";
import { compressionOfName, decompress } from "../compression/index.ts";
import { type ArMember, readAr } from "./ar.ts";
import { type Stanza, parseStanza } from "./stanzas.ts";
import { type TarEntry, readTar } from "./tar.ts";

type DebHost = Pick<Host, "files" | "processes">;

export interface DebReadOptions {
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

export interface UnpackOptions extends DebReadOptions {
  /** Tells which entries to write, by their names in the archive (`./usr/share/doc/`); all when absent. */
  readonly include?: (entry: Omit<TarEntry, "content">) => boolean;
}

/** A file of the control archive: `control`, `postinst`, `conffiles` … */
export interface DebControlFile {
  /** Without directory. */
  readonly name: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** All of the control archive; lists of the digests of 100,000 files have 10 MiB. */
const MAX_CONTROL_BYTES = 64 * 1024 * 1024;
/** Debian Policy knows a dozen. */
const MAX_CONTROL_ENTRIES = 256;
/** Of the file `control`, whose 100 KiB are much. */
const MAX_CONTROL_LENGTH = 4 * 1024 * 1024;
const MAX_CONTROL_LINES = 100_000;

/**
 * The control stanza of a binary package.
 *
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} @throws {HOST_FILE_UNREADABLE}
 * @see deb(5), deb-control(5)
 */
export async function readDebControl(host: DebHost, file: string, options: DebReadOptions = {}): Promise<Stanza> {
  const controlFiles = await readDebControlFiles(host, file, options);
  const control = controlFiles.find(({ name }) => name === "control");
  if (control === undefined) throw invalid(`"${file}"`, 'its control archive has no "control"');
  return parseStanza(Buffer.from(control.content).toString("utf8"), {
    object: `the control file of "${file}"`,
    maxLength: MAX_CONTROL_LENGTH,
    maxLines: MAX_CONTROL_LINES,
  });
}

/** Everything in the control archive of a binary package, in its order; fails like {@link readDebControl}. */
export async function readDebControlFiles(
  host: DebHost,
  file: string,
  options: DebReadOptions = {},
): Promise<DebControlFile[]> {
  const found: DebControlFile[] = [];
  let [bytesLeft, entriesLeft] = [MAX_CONTROL_BYTES, MAX_CONTROL_ENTRIES];
  for await (const entry of entriesOf(host, file, "control", options)) {
    entriesLeft -= 1;
    if (entriesLeft < 0) throw tooLarge(file, `${MAX_CONTROL_ENTRIES} files`);
    if (entry.type === "directory") continue;
    const name = entry.name.replace(/^\.\//, "");
    if (entry.type !== "file" || name.includes("/")) {
      throw invalid(`"${file}"`, `"${entry.name}" in its control archive is no plain file`);
    }
    bytesLeft -= entry.sizeBytes;
    if (bytesLeft < 0) throw tooLarge(file, formatSize(MAX_CONTROL_BYTES));
    found.push({ name, mode: entry.mode, content: await collect(entry.content) });
  }
  return found;
}

function tooLarge(file: string, limit: string): ComposerError {
  return new ComposerError("PACKAGE_TOO_LARGE", `Cannot read "${file}": its control archive has more than ${limit}`, {
    hint: "Don't use this package; if it is really meant, report it with its name",
  });
}

/** So many bytes of a binary package are enough for {@link readDebTime}: magic, the first member's header, `2.0`. */
export const DEB_TIME_BYTES = 72;

/**
 * When a binary package was built, in seconds since 1970: the time of its `debian-binary` member, than which dpkg-deb gives
 * no file in it a newer one.
 *
 * @param source the package, or its beginning
 * @param object what is read, for messages
 * @throws {PACKAGE_FORMAT_INVALID} @throws {HOST_FILE_UNREADABLE}
 */
export async function readDebTime(source: AsyncIterable<Uint8Array>, object: string): Promise<number> {
  for await (const { mtimeSeconds } of membersOf(source, object)) return mtimeSeconds;
  throw invalid(object, "it is an empty archive");
}

/** The entries of a binary package's data archive, in their order; fails like {@link readDebControl}. */
export function readDebEntries(
  host: DebHost,
  file: string,
  options: DebReadOptions = {},
): AsyncGenerator<TarEntry, void, undefined> {
  return entriesOf(host, file, "data", options);
}

/**
 * Writes the files of a binary package into a tree, as `dpkg-deb --extract` would; runs nothing of the package.
 *
 * Directories get their final form when the caller ends with `tree.finish()`.
 *
 * @throws {PACKAGE_FORMAT_INVALID} the file is damaged or has device nodes, pipes or sparse files
 * @throws {PACKAGE_UNSAFE_PATH} an entry leads out of the tree
 * @throws {PACKAGE_TOO_LARGE} a limit of the tree is passed
 * @throws {HOST_FILE_UNREADABLE} @throws {HOST_FILE_UNWRITABLE} @throws {HOST_DISK_FULL} @throws {INTERRUPTED}
 */
export async function unpackDeb(
  host: DebHost,
  file: string,
  tree: TreeWriter,
  options: UnpackOptions = {},
): Promise<void> {
  await unpackEntries(entriesOf(host, file, "data", options), tree, `"${file}"`, options);
}

/**
 * Writes a tar archive into a tree.
 *
 * @param object what the archive is, for messages
 * @throws as {@link unpackDeb}
 */
export async function unpackTar(source: AsyncIterable<Uint8Array>, tree: TreeWriter, object: string): Promise<void> {
  await unpackEntries(readTar(source, object), tree, object, {});
}

async function unpackEntries(
  entries: AsyncIterable<TarEntry>,
  tree: TreeWriter,
  object: string,
  { include, signal }: UnpackOptions,
): Promise<void> {
  for await (const entry of entries) {
    if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    if (include !== undefined && !include(entry)) continue;
    switch (entry.type) {
      case "directory":
        tree.directory(entry.name, entry);
        break;
      case "file":
        await tree.file(entry.name, entry, entry.content);
        break;
      case "symlink":
        tree.symlink(entry.name, entry.linkName, entry);
        break;
      case "hardlink":
        tree.hardlink(entry.name, entry.linkName);
        break;
      case "character-device":
      case "block-device":
      case "fifo": {
        const message = `Cannot read ${object}: "${entry.name}" is a ${entry.type.replace("-", " ")}, which packages may not have`;
        throw new ComposerError("PACKAGE_FORMAT_INVALID", message);
      }
    }
  }
}

async function* entriesOf(
  host: DebHost,
  file: string,
  part: "control" | "data",
  options: DebReadOptions,
): AsyncGenerator<TarEntry, void, undefined> {
  for await (const member of membersOf(host.files.readStream(file), `"${file}"`)) {
    if (!member.name.startsWith(`${part}.tar`)) continue;
    const object = `"${member.name}" of "${file}"`;
    yield* readTar(decompress(host, formatOf(member, part, file), member.content, { ...options, object }), object);
    return;
  }
}

/** The three members that matter, in the order that the format prescribes; the caller may stop early. */
async function* membersOf(
  source: AsyncIterable<Uint8Array>,
  object: string,
): AsyncGenerator<ArMember, void, undefined> {
  const expected = ["debian-binary", "control.tar", "data.tar"];
  for await (const member of readAr(source, object)) {
    const wanted = expected[0];
    if (wanted === undefined) return;
    // Names with an underscore are reserved for additions that old readers ignore.
    if (member.name.startsWith("_") && wanted !== "debian-binary") continue;
    if (member.name !== wanted && (wanted === "debian-binary" || !member.name.startsWith(`${wanted}.`))) break;
    if (wanted === "debian-binary") {
      if (member.sizeBytes > 100) throw invalid(object, 'its "debian-binary" is too long');
      const version = Buffer.from(await collect(member.content)).toString("latin1");
      if (!/^2\.[0-9]+\n/.test(version)) throw invalid(object, "its format is not version 2 of Debian packages");
    }
    expected.shift();
    yield member;
  }
  if (expected[0] !== undefined) throw invalid(object, `it has no "${expected[0]}" where a Debian package has it`);
}

function formatOf(member: ArMember, part: string, file: string) {
  const format = compressionOfName(member.name);
  const plain = format === "none" && member.name === `${part}.tar`;
  const compressed = format !== "none" && member.name.split(".").length === 3;
  if (!plain && !compressed) throw invalid(`"${file}"`, `the compression of its "${member.name}" is not known`);
  return format;
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

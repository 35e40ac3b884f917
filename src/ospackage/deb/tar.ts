import { ComposerError, formatSize } from "../../core/index.ts";
import { type PieceReader, createPieceReader } from "./piece-reader.ts";
import { BLOCK_BYTES, TYPE_OF_FLAG, type TarEntryType, type TarHeader, parseTarHeader, tarText } from "./tar-header.ts";

export type { TarEntryType };

export interface TarEntry {
  /** As the archive has it, for example `./usr/bin/`. */
  readonly name: string;
  readonly type: TarEntryType;
  /** Permission bits, set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** May have a fraction. */
  readonly mtimeSeconds: number;
  /** Of the content: 0 for anything but files. */
  readonly sizeBytes: number;
  /** The target of a symbolic or hard link; else empty. */
  readonly linkName: string;
  /** To be read before the next entry is asked for; what is left unread is skipped. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Longer names, and larger extended headers, are no honest package's. */
const MAX_EXTENSION_BYTES = 1024 * 1024;
const MAX_TRAILER_BYTES = 64 * 1024 * 1024;

interface Extensions {
  name?: string;
  linkName?: string;
  sizeBytes?: number;
  uid?: number;
  gid?: number;
  mtimeSeconds?: number;
}

/**
 * The entries of a tar archive in their order: ustar, GNU long names and pax extended headers.
 *
 * @param object what is read, for messages
 * @throws {PACKAGE_FORMAT_INVALID} also for sparse files and unknown types
 * @throws {PACKAGE_TOO_LARGE} an extended header or what follows the archive has an absurd size
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  object: string,
): AsyncGenerator<TarEntry, void, undefined> {
  const reader = createPieceReader(source, object);
  let extensions: Extensions = {};
  try {
    for (;;) {
      const header = await nextHeader(reader, object);
      if (header === undefined) return;
      const { typeFlag } = header;
      if (typeFlag === "L" || typeFlag === "K" || typeFlag === "x") {
        const content = await readExtension(reader, header.sizeBytes, object);
        if (typeFlag === "x") readPax(content, extensions, object);
        else extensions[typeFlag === "L" ? "name" : "linkName"] = textOf(content, object);
      } else if (typeFlag === "g") {
        // Defaults for the whole archive: what writers put there (comments, commit ids) describes no file.
        await readExtension(reader, header.sizeBytes, object);
      } else {
        const entry = entryOf(header, extensions, object);
        extensions = {};
        const contentEnd = reader.offset + entry.sizeBytes;
        yield { ...entry, content: reader.pieces(entry.sizeBytes) };
        await reader.skip(contentEnd - reader.offset + paddingOf(entry.sizeBytes));
      }
    }
  } finally {
    await reader.close();
  }
}

/** Undefined at the end of the archive, after the whole stream was read: a decoder checks its input to the end. */
async function nextHeader(reader: PieceReader, object: string): Promise<TarHeader | undefined> {
  const { offset } = reader;
  const block = await reader.readUpTo(BLOCK_BYTES);
  if (block.length === 0 || (block[0] === 0 && block.every((byte) => byte === 0))) {
    await drain(reader, object);
    return undefined;
  }
  if (block.length < BLOCK_BYTES) throw invalid(object, `it ends within the tar header at byte ${offset}`);
  const header = parseTarHeader(block);
  if (typeof header === "string") throw invalid(object, `the tar header at byte ${offset} is damaged: ${header}`);
  return header;
}

async function drain(reader: PieceReader, object: string): Promise<void> {
  const start = reader.offset;
  while ((await reader.readUpTo(64 * 1024)).length > 0) {
    if (reader.offset - start > MAX_TRAILER_BYTES) {
      const state = `more than ${formatSize(MAX_TRAILER_BYTES)} follow the end of its tar archive`;
      throw new ComposerError("PACKAGE_TOO_LARGE", `Cannot read ${object}: ${state}`);
    }
  }
}

function entryOf(header: TarHeader, extensions: Extensions, object: string): Omit<TarEntry, "content"> {
  const { typeFlag, mode } = header;
  const merged = { ...header, ...extensions };
  const { name, uid, gid, mtimeSeconds, linkName } = merged;
  let type = Object.hasOwn(TYPE_OF_FLAG, typeFlag) ? TYPE_OF_FLAG[typeFlag] : undefined;
  if (type === undefined) {
    const kind = typeFlag === "S" ? "is a sparse file" : `has the unknown type ${JSON.stringify(typeFlag)}`;
    throw invalid(object, `its entry "${name}" ${kind}`);
  }
  if (name === "") throw invalid(object, "an entry has no name");
  // The format before ustar had no type for directories.
  if (type === "file" && name.endsWith("/")) type = "directory";
  const isLink = type === "hardlink" || type === "symlink";
  return {
    name,
    type,
    mode,
    uid,
    gid,
    mtimeSeconds,
    sizeBytes: type === "file" ? merged.sizeBytes : 0,
    linkName: isLink ? linkName : "",
  };
}

async function readExtension(reader: PieceReader, sizeBytes: number, object: string): Promise<Uint8Array> {
  if (sizeBytes > MAX_EXTENSION_BYTES) {
    const state = `an extended tar header has ${formatSize(sizeBytes)}`;
    throw new ComposerError("PACKAGE_TOO_LARGE", `Cannot read ${object}: ${state}`);
  }
  const content = await reader.read(sizeBytes);
  await reader.skip(paddingOf(sizeBytes));
  return content;
}

/** Records are "LENGTH KEYWORD=VALUE\n", their length counting all of it. */
function readPax(content: Uint8Array, extensions: Extensions, object: string): void {
  for (let offset = 0; offset < content.length;) {
    const space = content.indexOf(0x20, offset);
    const digits = space === -1 ? "" : Buffer.from(content.subarray(offset, space)).toString("latin1");
    const end = offset + Number(digits);
    if (!/^[1-9][0-9]{0,7}$/.test(digits) || end > content.length || end <= space + 1 || content[end - 1] !== 0x0a) {
      throw invalid(object, "an extended tar header is damaged");
    }
    const record = textOf(content.subarray(space + 1, end - 1), object);
    const equals = record.indexOf("=");
    if (equals < 1) throw invalid(object, "an extended tar header has a record without a value");
    applyPax(record.slice(0, equals), record.slice(equals + 1), extensions, object);
    offset = end;
  }
}

function applyPax(keyword: string, value: string, extensions: Extensions, object: string): void {
  if (keyword.startsWith("GNU.sparse.")) throw invalid(object, "it has a sparse file");
  if (keyword === "path") extensions.name = value;
  else if (keyword === "linkpath") extensions.linkName = value;
  else if (keyword === "size") extensions.sizeBytes = wholeNumber(keyword, value, object);
  else if (keyword === "uid") extensions.uid = wholeNumber(keyword, value, object);
  else if (keyword === "gid") extensions.gid = wholeNumber(keyword, value, object);
  else if (keyword === "mtime") {
    if (!/^-?[0-9]{1,12}(\.[0-9]{0,20})?$/.test(value)) throw badNumber(keyword, object);
    extensions.mtimeSeconds = Number(value);
  }
}

function wholeNumber(keyword: string, value: string, object: string): number {
  if (!/^[0-9]{1,15}$/.test(value)) throw badNumber(keyword, object);
  return Number(value);
}

function badNumber(keyword: string, object: string): ComposerError {
  return invalid(object, `"${keyword}" in an extended tar header is no number`);
}

function textOf(content: Uint8Array, object: string): string {
  const text = tarText(content);
  if (text === undefined) throw invalid(object, "a name in it is not UTF-8");
  return text;
}

function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

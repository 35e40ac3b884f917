import { ComposerError, formatSize } from "../../../core/index.ts";
import { type PieceReader, createPieceReader } from "../../deb/piece-reader.ts";

export interface CpioEntry {
  /** As the archive has it, `./usr/bin/x`; or the file's number in the header of the package. */
  readonly of: string | number;
  readonly sizeBytes: number;
  /** To be read before the next entry is asked for; what is left unread is skipped. */
  readonly content: AsyncIterable<Uint8Array>;
}

const MAGIC_BYTES = 6;
const HEADER_BYTES = 110;
const STRIPPED_HEADER_BYTES = 14;
const MAX_NAME_BYTES = 4096;
const MAX_TRAILER_BYTES = 64 * 1024 ** 2;
const TRAILER = "TRAILER!!!";

/**
 * The entries of a cpio archive in their order: "newc", with or without checksums, and the form of packages with large
 * files, whose entries are a number and content.
 *
 * @param sizeOf the size of a file by its number, undefined when there is no such file; only asked in that form
 * @param object what is read, for messages
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} too much follows the archive
 * @see cpio(5), "New ASCII Format"
 */
export async function* readCpio(
  source: AsyncIterable<Uint8Array>,
  sizeOf: (index: number) => number | undefined,
  object: string,
): AsyncGenerator<CpioEntry, void, undefined> {
  const reader = createPieceReader(source, object);
  try {
    for (;;) {
      const entry = await nextEntry(reader, sizeOf, object);
      if (entry === undefined) {
        // A decoder checks its input to the end.
        await drain(reader, object);
        return;
      }
      const contentEnd = reader.offset + entry.sizeBytes;
      yield { ...entry, content: reader.pieces(entry.sizeBytes) };
      await reader.skip(contentEnd - reader.offset);
      await reader.skip(paddingOf(contentEnd));
    }
  } finally {
    await reader.close();
  }
}

/** Undefined at the end of the archive. */
async function nextEntry(
  reader: PieceReader,
  sizeOf: (index: number) => number | undefined,
  object: string,
): Promise<Omit<CpioEntry, "content"> | undefined> {
  const start = reader.offset;
  const magic = latin1(await reader.read(MAGIC_BYTES));
  if (magic === "07070X") {
    const [index] = hexFields(await reader.read(STRIPPED_HEADER_BYTES - MAGIC_BYTES));
    const sizeBytes = index === undefined ? undefined : sizeOf(index);
    if (index === undefined || sizeBytes === undefined)
      throw invalid(object, `at byte ${start} it has a file of no known number`);
    await reader.skip(paddingOf(reader.offset));
    return { of: index, sizeBytes };
  }
  if (magic !== "070701" && magic !== "070702") throw invalid(object, `it has no cpio header at byte ${start}`);
  const fields = hexFields(await reader.read(HEADER_BYTES - MAGIC_BYTES));
  const [sizeBytes, nameBytes] = [fields[6], fields[11]];
  if (fields.length !== 13 || sizeBytes === undefined || nameBytes === undefined) {
    throw invalid(object, `the cpio header at byte ${start} is damaged`);
  }
  if (nameBytes < 2 || nameBytes > MAX_NAME_BYTES) throw invalid(object, `a name in it has ${nameBytes} bytes`);
  const name = nameOf(await reader.read(nameBytes));
  if (name === undefined) throw invalid(object, `the name at byte ${start + HEADER_BYTES} is no plain UTF-8`);
  await reader.skip(paddingOf(reader.offset));
  return name === TRAILER ? undefined : { of: name, sizeBytes };
}

async function drain(reader: PieceReader, object: string): Promise<void> {
  const start = reader.offset;
  while ((await reader.readUpTo(64 * 1024)).length > 0) {
    if (reader.offset - start > MAX_TRAILER_BYTES) {
      const state = `more than ${formatSize(MAX_TRAILER_BYTES)} follow the end of its cpio archive`;
      throw new ComposerError("PACKAGE_TOO_LARGE", `Cannot read ${object}: ${state}`);
    }
  }
}

/** Numbers of eight hexadecimal digits each; none when one is not. */
function hexFields(bytes: Uint8Array): number[] {
  const digits = latin1(bytes);
  if (!/^(?:[0-9A-Fa-f]{8})+$/.test(digits)) return [];
  return Array.from({ length: digits.length / 8 }, (_, field) =>
    Number.parseInt(digits.slice(8 * field, 8 * field + 8), 16),
  );
}

/** Undefined when it is not ended by its only NUL, or not UTF-8. */
function nameOf(bytes: Uint8Array): string | undefined {
  if (bytes.indexOf(0) !== bytes.length - 1) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, -1));
  } catch {
    return undefined;
  }
}

/** Headers and content start at multiples of four. */
function paddingOf(offset: number): number {
  return (4 - (offset % 4)) % 4;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

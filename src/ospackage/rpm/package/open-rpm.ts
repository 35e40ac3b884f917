import { ComposerError, formatSize } from "../../../core/index.ts";
import { type PieceReader, createPieceReader } from "../../deb/piece-reader.ts";
import { type RpmHeader, parseRpmHeader, tooLargeRpm } from "./rpm-header.ts";

/** A package file that was read up to its payload. */
export interface OpenRpm {
  readonly signatures: RpmHeader;
  /** The main header as it is in the file: what signatures and digests are over. */
  readonly headerBytes: Uint8Array;
  /** Stands at the first byte of the payload; the caller closes it. */
  readonly reader: PieceReader;
}

const LEAD_BYTES = 96;
const LEAD_MAGIC = 0xedabeedb;
const BINARY_PACKAGE = 0;
const HEADER_STYLE_SIGNATURE = 5;
const HEADER_MAGIC = 0x8eade801;
const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;

interface Limits {
  readonly entries: number;
  readonly dataBytes: number;
}

/**
 * As rpm has them, but for the data of the main header, for which rpm allows 256 MiB. A file takes 150 bytes of it and
 * its path: 100,000 files, more than the packages of kernels have, less than 30 MiB.
 */
const SIGNATURE_LIMITS: Limits = { entries: 32, dataBytes: 64 * 1024 ** 2 };
const HEADER_LIMITS: Limits = { entries: 0xffff, dataBytes: 48 * 1024 ** 2 };

/**
 * Reads lead, signature header and main header of a binary package; the main one is not looked into yet.
 *
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} a header is larger than any honest one
 * @see rpm.org, "RPM V4 Package format"
 */
export async function openRpm(source: AsyncIterable<Uint8Array>, object: string): Promise<OpenRpm> {
  const reader = createPieceReader(source, object);
  try {
    await readLead(reader, object);
    const signatureBytes = await readHeader(reader, SIGNATURE_LIMITS, "signature header", object);
    const signatures = parseRpmHeader(signatureBytes, "signatures", object);
    await reader.skip((8 - (signatureBytes.length % 8)) % 8);
    return { signatures, headerBytes: await readHeader(reader, HEADER_LIMITS, "header", object), reader };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function readLead(reader: PieceReader, object: string): Promise<void> {
  const lead = Buffer.from(await reader.readUpTo(LEAD_BYTES));
  if (lead.length < LEAD_BYTES || lead.readUInt32BE(0) !== LEAD_MAGIC) throw invalid(object, "it is no RPM package");
  const major = lead.readUInt8(4);
  if (major !== 3 && major !== 4) throw invalid(object, `its format is version ${major}`);
  if (lead.readUInt16BE(6) !== BINARY_PACKAGE) throw invalid(object, "it is no binary package");
  if (lead.readUInt16BE(78) !== HEADER_STYLE_SIGNATURE) throw invalid(object, "its signature is of an unknown form");
}

async function readHeader(reader: PieceReader, limits: Limits, name: string, object: string): Promise<Buffer> {
  const intro = Buffer.from(await reader.read(INTRO_BYTES));
  if (intro.readUInt32BE(0) !== HEADER_MAGIC || intro.readUInt32BE(4) !== 0) {
    throw invalid(object, `it has no ${name} at byte ${reader.offset - INTRO_BYTES}`);
  }
  const [entryCount, dataBytes] = [intro.readUInt32BE(8), intro.readUInt32BE(12)];
  if (entryCount > limits.entries || dataBytes > limits.dataBytes) {
    const most = `${limits.entries} and ${formatSize(limits.dataBytes)}`;
    const state = `its ${name} claims ${entryCount} tags and ${formatSize(dataBytes)}, and no more than ${most} are read`;
    throw tooLargeRpm(object, state);
  }
  // Memory is taken as bytes arrive, not as the header claims them.
  const pieces: Uint8Array[] = [intro];
  for await (const piece of reader.pieces(entryCount * ENTRY_BYTES + dataBytes)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

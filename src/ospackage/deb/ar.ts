import { ComposerError } from "../../core/index.ts";
import { createPieceReader } from "./piece-reader.ts";

export interface ArMember {
  readonly name: string;
  readonly mtimeSeconds: number;
  readonly sizeBytes: number;
  /** To be read before the next member is asked for; what is left unread is skipped. */
  readonly content: AsyncIterable<Uint8Array>;
}

const MAGIC = "!<arch>\n";
const HEADER_BYTES = 60;
const HEADER_END = "`\n";

/**
 * The members of an ar archive in their order: the common format, with or without a slash after the name.
 *
 * Long names (GNU `/123`, BSD `#1/20`) are refused, as the format of binary packages has none.
 *
 * @param object what is read, for messages
 * @throws {PACKAGE_FORMAT_INVALID}
 * @see deb(5), ar(5)
 */
export async function* readAr(
  source: AsyncIterable<Uint8Array>,
  object: string,
): AsyncGenerator<ArMember, void, undefined> {
  const reader = createPieceReader(source, object);
  try {
    if (latin1(await reader.readUpTo(MAGIC.length)) !== MAGIC) throw invalid(object, "it is not an ar archive");
    for (;;) {
      const headerOffset = reader.offset;
      const header = await reader.readUpTo(HEADER_BYTES);
      if (header.length === 0) return;
      const member = parseHeader(latin1(header), object, headerOffset);
      const contentEnd = reader.offset + member.sizeBytes;
      yield { ...member, content: reader.pieces(member.sizeBytes) };
      await reader.skip(contentEnd - reader.offset);
      // Members start at even offsets; the last one's padding may be missing.
      if (member.sizeBytes % 2 === 1) await reader.readUpTo(1);
    }
  } finally {
    await reader.close();
  }
}

function parseHeader(header: string, object: string, offset: number): Omit<ArMember, "content"> {
  if (header.length < HEADER_BYTES || header.slice(58) !== HEADER_END) {
    throw invalid(object, `there is no ar member header at byte ${offset}`);
  }
  const name = header.slice(0, 16).trimEnd().replace(/\/$/, "");
  if (name === "" || name.includes("/"))
    throw invalid(object, `the name of the ar member at byte ${offset} is not plain`);
  const mtimeSeconds = decimal(header.slice(16, 28));
  const sizeBytes = decimal(header.slice(48, 58));
  if (mtimeSeconds === undefined || sizeBytes === undefined) {
    throw invalid(object, `the time or size of its ar member "${name}" is no number`);
  }
  return { name, mtimeSeconds, sizeBytes };
}

function decimal(field: string): number | undefined {
  return /^[0-9]+ *$/.test(field) ? Number(field) : undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

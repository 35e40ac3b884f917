import { type ByteSink, createByteSink } from "./byte-sink.ts";
import type { HashLists } from "./hash-lists.ts";
import type { PostingLists } from "./posting-lists.ts";

/**
 * What an index consists of, after its records.
 *
 * The magic has 8 bytes and changes with every change of the parts: an older file is then no index.
 */
export interface IndexFormat {
  readonly magic: Buffer;
  readonly parts: readonly IndexPart[];
}

/**
 * - `ends`: where the share of each record ends, in the part before; in the records themselves when it is the first part
 * - `bytes`: of all records, one after the other
 * - `lines`: text in order, each line once
 * - `numbers`: of records
 * - `lists`: {@link PostingLists}, four pieces
 * - `hashes`: {@link HashLists}, two pieces
 *
 * Readers and writers count the pieces: texts without terminators, or unsigned numbers of 32 bits.
 */
export type IndexPart = "ends" | "bytes" | "lines" | "numbers" | "lists" | "hashes";

const PIECES: Readonly<Record<IndexPart, readonly ("text" | "words")[]>> = {
  ends: ["words"],
  bytes: ["text"],
  lines: ["text"],
  numbers: ["words"],
  lists: ["text", "words", "words", "words"],
  hashes: ["words", "words"],
};

/** How many pieces a part has. */
export function pieceCount(part: IndexPart): number {
  return PIECES[part].length;
}

export interface IndexWriter {
  /** To be appended to, from its `end` on. */
  readonly records: ByteSink;
  /** Where `records` began. */
  readonly recordsStart: number;
  /** The bytes of the index: the magic, the byte length of every piece, the records, the pieces, each padded to 4 bytes. */
  finish(pieces: Iterable<Uint8Array | Uint32Array>): Uint8Array;
}

/** The pieces of an index, opened: views into its bytes. */
export interface IndexPieces {
  readonly records: Buffer;
  text(piece: number): Buffer;
  words(piece: number): Uint32Array;
  lists(firstPiece: number): PostingLists;
  hashes(firstPiece: number): HashLists;
}

const WORD_BYTES = 4;

/**
 * Writes an index; the records are its beginning, so that they are written in place and never copied.
 *
 * Numbers are in the order of the processor, which is little-endian wherever Node.js 24 runs on our architectures.
 */
export function createIndexWriter({ magic, parts }: IndexFormat, expectedBytes: number): IndexWriter {
  const kinds = parts.flatMap((part) => PIECES[part]);
  const records = createByteSink(expectedBytes);
  const recordsStart = headerBytes(kinds);
  records.reserve(recordsStart);
  records.end = recordsStart;

  const pad = (): void => {
    while (records.end % WORD_BYTES !== 0) records.byte(0);
  };
  return {
    records,
    recordsStart,
    finish(pieces) {
      const lengths = [records.end - recordsStart];
      pad();
      for (const piece of pieces) {
        records.reserve(piece.byteLength);
        records.bytes.set(bytesOf(piece), records.end);
        records.end += piece.byteLength;
        lengths.push(piece.byteLength);
        pad();
      }
      records.bytes.set(magic, 0);
      records.bytes.set(bytesOf(Uint32Array.from(lengths)), magic.length);
      return records.bytes.subarray(0, records.end);
    },
  };
}

/** Opens the bytes of an index; undefined when they are none of this format, or cut short. */
export function splitIndex(bytes: Uint8Array, { magic, parts }: IndexFormat): IndexPieces | undefined {
  const kinds = parts.flatMap((part) => PIECES[part]);
  const aligned = bytes.byteOffset % WORD_BYTES === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset, length } = aligned;
  if (length < headerBytes(kinds) || !magic.equals(aligned.subarray(0, magic.length))) return undefined;
  const lengths = new Uint32Array(buffer, byteOffset + magic.length, kinds.length + 1);
  const starts: number[] = [];
  let end = headerBytes(kinds);
  for (const pieceLength of lengths) {
    starts.push(end);
    end += padded(pieceLength);
  }
  if (end !== length) return undefined;
  if (kinds.some((kind, piece) => kind === "words" && (lengths[piece + 1] ?? 1) % WORD_BYTES !== 0)) return undefined;

  const text = (piece: number): Buffer => {
    return Buffer.from(buffer, byteOffset + (starts[piece + 1] ?? 0), lengths[piece + 1] ?? 0);
  };
  const words = (piece: number): Uint32Array => {
    return new Uint32Array(buffer, byteOffset + (starts[piece + 1] ?? 0), (lengths[piece + 1] ?? 0) / WORD_BYTES);
  };
  return {
    records: text(-1),
    text,
    words,
    lists: (piece) => ({
      keys: text(piece),
      keyOffsets: words(piece + 1),
      listStarts: words(piece + 2),
      postings: words(piece + 3),
    }),
    hashes: (piece) => ({ hashes: words(piece), records: words(piece + 1) }),
  };
}

export function piecesOfLists({ keys, keyOffsets, listStarts, postings }: PostingLists) {
  return [keys, keyOffsets, listStarts, postings];
}

export function piecesOfHashes({ hashes, records }: HashLists) {
  return [hashes, records];
}

function headerBytes(kinds: readonly unknown[]): number {
  return 8 + (kinds.length + 1) * WORD_BYTES;
}

function bytesOf(piece: Uint8Array | Uint32Array): Uint8Array {
  return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
}

function padded(lengthBytes: number): number {
  return Math.ceil(lengthBytes / WORD_BYTES) * WORD_BYTES;
}

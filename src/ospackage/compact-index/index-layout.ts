import { type ByteSink, createByteSink } from "./byte-sink.ts";
import type { PostingLists } from "./posting-lists.ts";

/**
 * What an index consists of, after its records: texts without terminators, or unsigned numbers of 32 bits.
 *
 * The magic has 8 bytes and changes with every change of the parts: an older file is then no index.
 */
export interface IndexFormat {
  readonly magic: Buffer;
  readonly parts: readonly IndexPart[];
}

export type IndexPart = "text" | "words";

/** The parts of {@link PostingLists}. */
export const POSTING_LISTS_PARTS: readonly IndexPart[] = ["text", "words", "words", "words"];

export interface IndexWriter {
  /** To be appended to, from its `end` on. */
  readonly records: ByteSink;
  /** Where `records` began. */
  readonly recordsStart: number;
  /** The bytes of the index: the magic, the byte length of every part, the records, the parts, each padded to 4 bytes. */
  finish(parts: readonly (Uint8Array | Uint32Array)[]): Uint8Array;
}

/** The parts of an index, opened: views into its bytes. */
export interface IndexParts {
  readonly records: Buffer;
  text(part: number): Buffer;
  words(part: number): Uint32Array;
  lists(firstPart: number): PostingLists;
}

const WORD_BYTES = 4;

/**
 * Writes an index; the records are its beginning, so that they are written in place and never copied.
 *
 * Numbers are in the order of the processor, which is little-endian wherever Node.js 24 runs on our architectures.
 */
export function createIndexWriter({ magic, parts: kinds }: IndexFormat, expectedBytes: number): IndexWriter {
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
    finish(parts) {
      const lengths = Uint32Array.of(records.end - recordsStart, ...parts.map((part) => part.byteLength));
      pad();
      for (const part of parts) {
        records.reserve(part.byteLength);
        records.bytes.set(bytesOf(part), records.end);
        records.end += part.byteLength;
        pad();
      }
      records.bytes.set(magic, 0);
      records.bytes.set(bytesOf(lengths), magic.length);
      return records.bytes.subarray(0, records.end);
    },
  };
}

/** Opens the bytes of an index; undefined when they are none of this format, or cut short. */
export function splitIndex(bytes: Uint8Array, { magic, parts: kinds }: IndexFormat): IndexParts | undefined {
  const aligned = bytes.byteOffset % WORD_BYTES === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset, length } = aligned;
  if (length < headerBytes(kinds) || !magic.equals(aligned.subarray(0, magic.length))) return undefined;
  const lengths = new Uint32Array(buffer, byteOffset + magic.length, kinds.length + 1);
  const starts: number[] = [];
  let end = headerBytes(kinds);
  for (const partLength of lengths) {
    starts.push(end);
    end += padded(partLength);
  }
  if (end !== length) return undefined;
  if (kinds.some((kind, part) => kind === "words" && (lengths[part + 1] ?? 1) % WORD_BYTES !== 0)) return undefined;

  const text = (part: number): Buffer => {
    return Buffer.from(buffer, byteOffset + (starts[part + 1] ?? 0), lengths[part + 1] ?? 0);
  };
  const words = (part: number): Uint32Array => {
    return new Uint32Array(buffer, byteOffset + (starts[part + 1] ?? 0), (lengths[part + 1] ?? 0) / WORD_BYTES);
  };
  return {
    records: text(-1),
    text,
    words,
    lists: (part) => ({
      keys: text(part),
      keyOffsets: words(part + 1),
      listStarts: words(part + 2),
      postings: words(part + 3),
    }),
  };
}

/** In the order of {@link POSTING_LISTS_PARTS}. */
export function partsOfLists({ keys, keyOffsets, listStarts, postings }: PostingLists) {
  return [keys, keyOffsets, listStarts, postings];
}

function headerBytes(kinds: readonly IndexPart[]): number {
  return 8 + (kinds.length + 1) * WORD_BYTES;
}

function bytesOf(part: Uint8Array | Uint32Array): Uint8Array {
  return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
}

function padded(lengthBytes: number): number {
  return Math.ceil(lengthBytes / WORD_BYTES) * WORD_BYTES;
}

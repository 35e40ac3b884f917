import { createByteSink } from "./byte-sink.ts";
import { createHashLists } from "./hash-lists.ts";
import {
  createIndexWriter,
  type IndexFormat,
  type IndexPart,
  type IndexPieces,
  pieceCount,
  piecesOfHashes,
  piecesOfLists,
  splitIndex,
} from "./index-layout.ts";
import { addPosting, keysOf, postingListsOf, postingsAt } from "./posting-lists.ts";

/** Puts indexes of one format together: the result is what one index of all their records would be. */
export interface IndexJoiner {
  /** About how much memory all that was added takes: more than {@link MAX_INDEX_BYTES} is for the caller to refuse. */
  readonly sizeBytes: number;
  /** Appends the records of an index and takes over what finds them. */
  add(index: Uint8Array): void;
  /** Ends the joiner. */
  finish(): Uint8Array;
}

/**
 * The most that is to be joined. The largest distributions have 70,000 packages and need up to 80 MiB; while an index is
 * made, the program takes up to three times as much, and has to do with half a GiB.
 */
export const MAX_INDEX_BYTES = 128 * 1024 ** 2;
/** What lists need beside their bytes of the index until they are finished: for a key, and for each of its records. */
const KEY_BYTES = 150;
const POSTING_BYTES = 12;

/** @param expectedBytes of all records; memory that is not written to takes none */
export function createIndexJoiner(format: IndexFormat, expectedBytes: number): IndexJoiner {
  const writer = createIndexWriter(format, expectedBytes);
  const { records, recordsStart } = writer;
  let [recordCount, sizeBytes] = [0, 0];
  let firstPiece = 0;
  const parts = format.parts.map((part, number) => {
    const joined = JOIN[part](firstPiece, number === 0);
    firstPiece += pieceCount(part);
    return joined;
  });
  /** What a part has collected is dropped when the next one's turn comes. */
  const finished = function* (): Generator<Uint8Array | Uint32Array> {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) yield* part.finish();
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    add(index) {
      const pieces = splitIndex(index, format);
      if (pieces === undefined) throw new Error("what is to be joined is no index of this format");
      const before = { records: recordCount, bytes: records.end - recordsStart };
      records.reserve(pieces.records.length);
      records.bytes.set(pieces.records, records.end);
      records.end += pieces.records.length;
      sizeBytes += index.length;
      for (const part of parts) sizeBytes += part.add(pieces, before) ?? 0;
      recordCount += pieces.words(0).length;
    },
    finish: () => writer.finish(finished()),
  };
}

/** How much of all is there before an index is added. */
interface Before {
  readonly records: number;
  readonly bytes: number;
}

interface JoinedPart {
  /** @returns how much more memory it takes than the piece has bytes, where that is much */
  add(pieces: IndexPieces, before: Before): number | void;
  finish(): readonly (Uint8Array | Uint32Array)[];
}

/** Each gets the number of its first piece, and whether it is the first part. */
const JOIN: Readonly<Record<IndexPart, (piece: number, isFirst: boolean) => JoinedPart>> = {
  ends: (piece, isFirst) => {
    const ends: number[] = [];
    return {
      add(pieces, { bytes }) {
        const offset = isFirst ? bytes : (ends.at(-1) ?? 0);
        for (const end of pieces.words(piece)) ends.push(end + offset);
      },
      finish: () => [Uint32Array.from(ends)],
    };
  },
  numbers: (piece) => {
    const numbers: number[] = [];
    return {
      add(pieces, { records }) {
        for (const number of pieces.words(piece)) numbers.push(number + records);
      },
      finish: () => [Uint32Array.from(numbers)],
    };
  },
  bytes: (piece) => {
    const all = createByteSink(1024 ** 2);
    return {
      add(pieces) {
        const bytes = pieces.text(piece);
        all.reserve(bytes.length);
        all.bytes.set(bytes, all.end);
        all.end += bytes.length;
      },
      finish: () => [all.bytes.subarray(0, all.end)],
    };
  },
  lines: (piece) => {
    const lines = new Set<string>();
    return {
      add(pieces) {
        for (const line of pieces.text(piece).toString("utf8").split("\n")) if (line !== "") lines.add(line);
      },
      finish: () => [Buffer.from([...lines].sort().join("\n"), "utf8")],
    };
  },
  lists: (piece) => {
    const map = new Map<string, number[]>();
    return {
      add(pieces, { records }) {
        const lists = pieces.lists(piece);
        const keysBefore = map.size;
        let number = 0;
        for (const key of keysOf(lists)) {
          for (const posting of postingsAt(lists, number)) addPosting(map, key, posting + records);
          number += 1;
        }
        return (map.size - keysBefore) * KEY_BYTES + lists.postings.length * POSTING_BYTES;
      },
      finish: () => piecesOfLists(postingListsOf(map)),
    };
  },
  hashes: (piece) => {
    const all = createHashLists();
    return {
      add(pieces, before) {
        const { hashes, records } = pieces.hashes(piece);
        for (let at = 0; at < hashes.length; at += 1) all.add(hashes[at] ?? 0, (records[at] ?? 0) + before.records);
      },
      finish: () => piecesOfHashes(all.content()),
    };
  },
};

import { ComposerError } from "../../core/index.ts";

/** Reads a stream of pieces by exact lengths. */
export interface PieceReader {
  /** Bytes read so far. */
  readonly offset: number;
  /** Exactly `lengthBytes` bytes, valid for as long as wanted. @throws {PACKAGE_FORMAT_INVALID} the stream ends before */
  read(lengthBytes: number): Promise<Uint8Array>;
  /** Like {@link read}, but fewer bytes at the end of the stream. */
  readUpTo(lengthBytes: number): Promise<Uint8Array>;
  /** Exactly `lengthBytes` bytes in pieces as they come, without copying them. */
  pieces(lengthBytes: number): AsyncGenerator<Uint8Array, void, undefined>;
  /** Everything up to the end of the stream, in pieces as they come. */
  rest(): AsyncGenerator<Uint8Array, void, undefined>;
  skip(lengthBytes: number): Promise<void>;
  /** Ends the stream; its source may close its file or program. */
  close(): Promise<void>;
}

const PIECE_BYTES = 256 * 1024;

/** @param object what is read, for messages */
export function createPieceReader(source: AsyncIterable<Uint8Array>, object: string): PieceReader {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let offset = 0;

  async function take(atMostBytes: number): Promise<Uint8Array | undefined> {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return undefined;
      rest = next.value;
    }
    const piece = rest.subarray(0, atMostBytes);
    rest = rest.subarray(piece.length);
    offset += piece.length;
    return piece;
  }

  async function readUpTo(lengthBytes: number): Promise<Uint8Array> {
    const first = lengthBytes === 0 ? new Uint8Array(0) : await take(lengthBytes);
    if (first === undefined || first.length === lengthBytes) return first ?? new Uint8Array(0);
    const pieces = [first];
    let missing = lengthBytes - first.length;
    while (missing > 0) {
      const piece = await take(missing);
      if (piece === undefined) break;
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async function* pieces(lengthBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let missing = lengthBytes; missing > 0;) {
      const piece = await take(missing);
      if (piece === undefined) throw endsEarly();
      missing -= piece.length;
      yield piece;
    }
  }

  function endsEarly(): ComposerError {
    return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: it ends early, after ${offset} bytes`);
  }

  return {
    get offset() {
      return offset;
    },
    readUpTo,
    async read(lengthBytes) {
      const found = await readUpTo(lengthBytes);
      if (found.length < lengthBytes) throw endsEarly();
      return found;
    },
    pieces,
    async *rest() {
      for (let piece = await take(PIECE_BYTES); piece !== undefined; piece = await take(PIECE_BYTES)) yield piece;
    },
    async skip(lengthBytes) {
      for (let missing = lengthBytes; missing > 0;) {
        const piece = await take(missing);
        if (piece === undefined) throw endsEarly();
        missing -= piece.length;
      }
    },
    async close() {
      await iterator.return?.();
    },
  };
}

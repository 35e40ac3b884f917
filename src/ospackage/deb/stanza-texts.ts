import { type ByteSink, createByteSink } from "../compact-index/index.ts";

const NEWLINE = 0x0a;
const PART_BYTES = 1024 ** 2;
/** Far above any honest stanza, whose 100 KiB are much. */
const MAX_PART_BYTES = 8 * 1024 ** 2;

/**
 * Cuts a stream of stanzas after whole ones, so that a few MiB are in memory at a time.
 *
 * @param tooLong makes the error for text without any empty line
 * @returns texts that are valid until the next one is asked for
 */
export async function* stanzaTexts(
  pieces: AsyncIterable<Uint8Array>,
  tooLong: () => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const part = createByteSink(2 * PART_BYTES);
  /** Up to this line break there is no empty line. */
  let searchedEnd = 0;
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length; from += PART_BYTES) {
      append(part, piece.subarray(from, from + PART_BYTES));
      if (part.end < PART_BYTES) continue;
      const text = part.bytes.subarray(0, part.end);
      const cut = endOfLastStanza(text, searchedEnd);
      if (cut === 0 && part.end > MAX_PART_BYTES) throw tooLong();
      if (cut === 0) {
        searchedEnd = Math.max(text.lastIndexOf(NEWLINE), 0);
        continue;
      }
      yield text.subarray(0, cut);
      part.bytes.copyWithin(0, cut, part.end);
      part.end -= cut;
      searchedEnd = 0;
    }
  }
  yield part.bytes.subarray(0, part.end);
}

/** Where the last empty line ends; 0 when there is none after the line break at `searchedEnd`. */
function endOfLastStanza(text: Buffer, searchedEnd: number): number {
  for (let end = text.lastIndexOf(NEWLINE); end > searchedEnd;) {
    const previous = text.lastIndexOf(NEWLINE, end - 1);
    if (isBlank(text, previous + 1, end)) return end + 1;
    end = previous;
  }
  return 0;
}

function isBlank(text: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) {
    if (text[at] !== 0x20 && text[at] !== 0x09 && text[at] !== 0x0d) return false;
  }
  return true;
}

function append(part: ByteSink, bytes: Uint8Array): void {
  part.reserve(bytes.length);
  part.bytes.set(bytes, part.end);
  part.end += bytes.length;
}

import { ComposerError, type ErrorCode } from "../../core/index.ts";
import { type ByteSink, createByteSink } from "../compact-index/index.ts";

/** A whole metadata file, or a part of it that has whole packages and is a document of its own. */
export interface MetadataText {
  readonly xml: Uint8Array;
  /** Where `xml` begins in the file; may be below 0 in a part, for what was put in front. */
  readonly offset: number;
  readonly isFirst: boolean;
}

/** What is read, for messages: `the package index "http://…/primary.xml.zst"`. */
export type FaultAt = (state: string, offset: number) => ComposerError;

/** Errors of a file that name the byte. */
export function faultsOf(object: string, code: ErrorCode = "REPOSITORY_METADATA_INVALID") {
  return (state: string, offset: number): ComposerError => {
    return new ComposerError(code, `Cannot read ${object}: ${state} (byte ${Math.max(offset, 0)})`);
  };
}

const PACKAGE_END = "</package>";
const PIECE_BYTES = 256 * 1024;
const PART_BYTES = 1024 ** 2;
/** 150,000 files in file lists, which no package has. */
const MAX_PACKAGE_BYTES = 32 * 1024 ** 2;

/**
 * Cuts a stream of metadata after whole packages, so that a few MiB are in memory at a time.
 *
 * Where `</package>` is no end tag (in a comment), a part is not well-formed, and so refused.
 *
 * @param root the name of the root element
 * @param maxPackageBytes a package that takes more is refused
 * @returns texts that are valid until the next one is asked for
 */
export async function* metadataTexts(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  root: string,
  faultAt: FaultAt,
  maxPackageBytes = MAX_PACKAGE_BYTES,
): AsyncGenerator<MetadataText, void, undefined> {
  const [opening, closing] = [Buffer.from(`<${root}>`), Buffer.from(`</${root}>`)];
  const part = createByteSink(PART_BYTES + 2 * PIECE_BYTES);
  let [offset, isFirst] = [0, true];
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length; from += PIECE_BYTES) {
      const searchedEnd = Math.max(part.end - PACKAGE_END.length, 0);
      append(part, piece.subarray(from, from + PIECE_BYTES));
      if (part.end < PART_BYTES) continue;
      const found = part.bytes.subarray(searchedEnd, part.end).lastIndexOf(PACKAGE_END, undefined, "latin1");
      if (found === -1 && part.end > maxPackageBytes) throw faultAt("a package takes too much", offset);
      if (found === -1) continue;
      const cut = searchedEnd + found + PACKAGE_END.length;
      const rest = Buffer.from(part.bytes.subarray(cut, part.end));
      part.end = cut;
      append(part, closing);
      yield { xml: part.bytes.subarray(0, part.end), offset, isFirst };
      offset += cut - opening.length;
      isFirst = false;
      part.end = 0;
      append(part, opening);
      append(part, rest);
    }
  }
  yield { xml: part.bytes.subarray(0, part.end), offset, isFirst };
}

function append(part: ByteSink, bytes: Uint8Array): void {
  part.reserve(bytes.length);
  part.bytes.set(bytes, part.end);
  part.end += bytes.length;
}

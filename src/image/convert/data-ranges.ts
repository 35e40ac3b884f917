import { ComposerError } from "../../core/index.ts";

/** Bytes of a file from `startBytes` on; what lies between ranges is zero. */
export interface DataRange {
  readonly startBytes: number;
  readonly lengthBytes: number;
}

const RECORD_BYTES = 512;
/** A map of this size would be of a million ranges. */
const MAP_LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * Where a sparse file has data, which is known without reading its holes: Node.js cannot ask for that, but tar does.
 *
 * @param archive the start of what `tar --create --sparse --format=posix --sparse-version=1.0` writes of the file alone
 * @param sizeBytes of the file
 * @returns in order; one range for everything when the file has no holes
 * @throws {HOST_PROGRAM_FAILED} the archive is none of that kind
 * @see GNU tar manual, "PAX Format, Version 1.0"
 */
export async function readDataRanges(archive: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<DataRange[]> {
  let text = "";
  for await (const piece of archive) {
    // Only numbers are looked at: names may be in any encoding.
    text += Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
    const ranges = rangesIn(text, sizeBytes);
    if (ranges !== undefined) return ranges;
    if (text.length > MAP_LIMIT_BYTES) break;
  }
  throw new ComposerError("HOST_PROGRAM_FAILED", "Cannot find the holes of an image: tar wrote no archive of it");
}

/** The call whose output `readDataRanges` reads. */
export function archiveArgv(directory: string, name: string): readonly [string, ...string[]] {
  const format = ["--format=posix", "--sparse", "--sparse-version=1.0", "--hole-detection=seek"];
  return ["tar", "--create", ...format, "--file=-", `--directory=${directory}`, "--", name];
}

/** @returns undefined when the text ends before the map does */
function rangesIn(text: string, sizeBytes: number): DataRange[] | undefined {
  let position = 0;
  if (text[TYPE_OFFSET] === "x") {
    const extended = RECORD_BYTES + paddedSize(text, 0);
    if (text.length < extended + RECORD_BYTES) return undefined;
    position = extended;
    if (text.slice(RECORD_BYTES, extended).includes("GNU.sparse.major=1\n")) {
      return mapAt(text, position + RECORD_BYTES);
    }
  }
  if (text.length < position + RECORD_BYTES) return undefined;
  return sizeBytes === 0 ? [] : [{ startBytes: 0, lengthBytes: sizeBytes }];
}

/** A count, then start and length of each range, a line for each number. */
function mapAt(text: string, position: number): DataRange[] | undefined {
  const lines = text.slice(position).split("\n");
  const count = Number(lines[0]);
  if (lines.length < 2 + 2 * count) return undefined;
  return Array.from({ length: count }, (_, index) => ({
    startBytes: Number(lines[1 + 2 * index]),
    lengthBytes: Number(lines[2 + 2 * index]),
  })).filter(({ lengthBytes }) => lengthBytes > 0);
}

/** Offsets in a header block of ustar. */
const [SIZE_OFFSET, TYPE_OFFSET] = [124, 156];

function paddedSize(text: string, header: number): number {
  const sizeBytes = Number.parseInt(text.slice(header + SIZE_OFFSET, header + SIZE_OFFSET + 11), 8);
  return Math.ceil(sizeBytes / RECORD_BYTES) * RECORD_BYTES;
}

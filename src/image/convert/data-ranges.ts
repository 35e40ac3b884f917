import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { ByteRange, HostFiles } from "../../host/index.ts";

/** Where a file is, on this host and for programs of the tool root. */
export interface SeenFile {
  readonly file: string;
  /** The directory of `file` as programs see it. */
  readonly seenDirectory: string;
}

const RECORD_BYTES = 512;
/** A map of this size would be of a million ranges. */
const MAP_LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * Where a sparse file has data, without reading its holes: Node.js cannot ask the kernel for that, but tar does.
 *
 * @param stream starts a program and gives what it writes to standard output
 * @returns in order; one range for everything when the file has no holes
 * @throws {HOST_PROGRAM_FAILED} tar writes no archive @throws as `stream`
 * @see GNU tar manual, "PAX Format, Version 1.0"
 */
export async function findDataRanges(
  files: Pick<HostFiles, "stat">,
  stream: (argv: readonly [string, ...string[]]) => AsyncIterable<Uint8Array>,
  { file, seenDirectory }: SeenFile,
): Promise<ByteRange[]> {
  const format = ["--format=posix", "--sparse", "--sparse-version=1.0", "--hole-detection=seek"];
  const argv = ["--create", ...format, "--file=-", `--directory=${seenDirectory}`, "--", path.basename(file)];
  return readDataRanges(stream(["tar", ...argv]), (await files.stat(file))?.sizeBytes ?? 0);
}

/**
 * The map of the only file in a sparse archive, which stands before its data.
 *
 * @param sizeBytes of the file
 */
export async function readDataRanges(archive: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<ByteRange[]> {
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

/** @returns undefined when the text ends before the map does */
function rangesIn(text: string, sizeBytes: number): ByteRange[] | undefined {
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
function mapAt(text: string, position: number): ByteRange[] | undefined {
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

import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { ByteRange, HostFiles } from "../../host/index.ts";
import type { SeenFile } from "./data-ranges.ts";

export interface GzipOptions extends SeenFile {
  /** Where the file has data; it is zero elsewhere. */
  readonly ranges: readonly ByteRange[];
  /** How many programs run at the same time. */
  readonly threadCount: number;
}

const MIB = 1024 * 1024;
/** Small enough to leave most of a file system that is not full to the holes. Another size gives other bytes. */
const BLOCK_BYTES = 4 * MIB;
/** Half of the time of level 6, for 2 % more bytes of a system. */
const LEVEL = 4;

/** Compresses blocks of a file: block N of `$1/$2` becomes `$1/$3/N`. Every program is of coreutils, or gzip itself. */
const COMPRESS_BLOCKS = `set -eu
directory=$1 file=$2 parts=$3
shift 3
for block in "$@"; do
  dd if="$directory/$file" bs=${BLOCK_BYTES} skip="$block" count=1 status=none |
    gzip --no-name -${LEVEL} >"$directory/$parts/$block"
done`;

/**
 * Compresses a disk image with gzip on all processors: each block is a member of its own, and one that lies in a hole is
 * compressed once for all of them. The bytes depend neither on the number of processors nor on where there are holes.
 *
 * @param run starts a program of the tool root
 * @returns the compressed file
 * @throws {HOST_PROGRAM_FAILED} @throws {HOST_FILE_UNREADABLE} @throws {HOST_FILE_UNWRITABLE}
 * @see RFC 1952, section 2.2: a file is a series of members
 */
export async function compressGzip(
  files: HostFiles,
  run: (argv: readonly [string, ...string[]]) => Promise<unknown>,
  { file, seenDirectory, ranges, threadCount }: GzipOptions,
): Promise<string> {
  const sizeBytes = (await files.stat(file))?.sizeBytes ?? 0;
  const blocks = cutIntoBlocks(sizeBytes, ranges);
  const firstHole = blocks.findIndex(({ isHole }) => isHole);
  const distinct = blocks.filter(({ isHole, number }) => !isHole || number === firstHole);
  const parts = files.temporaryName(path.dirname(file), ".gzip");
  await files.makeDirectory(parts);
  try {
    const shares = Array.from({ length: Math.max(1, threadCount) }, (_, worker) =>
      distinct.filter((_, at) => at % Math.max(1, threadCount) === worker).map(({ number }) => String(number)),
    );
    const names = [seenDirectory, path.basename(file), path.basename(parts)];
    const outcomes = await Promise.allSettled(
      shares
        .filter((share) => share.length > 0)
        .map((share) => run(["sh", "-c", COMPRESS_BLOCKS, "sh", ...names, ...share])),
    );
    // All have ended: nobody writes into a directory that is removed.
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    const compressed = async function* (): AsyncGenerator<Uint8Array> {
      for (const { number, isHole, lengthBytes } of blocks) {
        const place = path.join(parts, String(isHole ? firstHole : number));
        const part = await files.readBytes(place);
        requireComplete(part, lengthBytes, file);
        yield part;
        // A part and its copy are never there together for long.
        if (!isHole) await files.remove(place);
      }
    };
    const output = `${file}.gz`;
    await files.writeAtomic(output, compressed());
    return output;
  } finally {
    await files.remove(parts);
  }
}

interface Block {
  readonly number: number;
  readonly lengthBytes: number;
  /** Full, and zero without being read. */
  readonly isHole: boolean;
}

function cutIntoBlocks(sizeBytes: number, ranges: readonly ByteRange[]): Block[] {
  // An empty file has one empty block: an empty output would be no gzip file.
  const count = Math.max(1, Math.ceil(sizeBytes / BLOCK_BYTES));
  const withData = new Set(
    ranges.flatMap(({ startBytes, lengthBytes }) => {
      const first = Math.floor(startBytes / BLOCK_BYTES);
      const last = Math.floor((startBytes + lengthBytes - 1) / BLOCK_BYTES);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    }),
  );
  return Array.from({ length: count }, (_, number) => {
    const lengthBytes = Math.min(BLOCK_BYTES, sizeBytes - number * BLOCK_BYTES);
    return { number, lengthBytes, isHole: lengthBytes === BLOCK_BYTES && !withData.has(number) };
  });
}

/** A shell tells only how the last program of a pipe ended: the member itself says how much went into it. */
function requireComplete(member: Uint8Array, lengthBytes: number, file: string): void {
  const trailer = new DataView(member.buffer, member.byteOffset, member.byteLength);
  if (member.length >= 18 && trailer.getUint32(member.length - 4, true) === lengthBytes) return;
  throw new ComposerError("HOST_PROGRAM_FAILED", `Cannot compress "${file}": a block was not read to its end`);
}

import path from "node:path";
import { ComposerError, createDigest, type Sha256Hex } from "../../core/index.ts";
import type { ByteRange, HostFiles } from "../../host/index.ts";
import type { SeenFile } from "./data-ranges.ts";

export interface GzipOptions extends SeenFile {
  /** Where the file has data; it is zero elsewhere. */
  readonly ranges: readonly ByteRange[];
  /** How many programs run at the same time. */
  readonly threadCount: number;
}

/** A file that is complete under its name. */
export interface CompressedFile {
  readonly file: string;
  readonly sha256: Sha256Hex;
}

export type RunProgram = (argv: readonly [string, ...string[]], onLine?: (line: string) => void) => Promise<unknown>;

const MIB = 1024 * 1024;
/** Small enough to leave most of a file system that is not full to the holes. Another size gives other bytes. */
const BLOCK_BYTES = 4 * MIB;
/** Half of the time of level 6, for 2 % more bytes of a system. */
const LEVEL = 4;

/** Compresses blocks of a file: block N of `$1/$2` becomes `$1/$3/N`, and then N a line. All programs are of coreutils, or gzip. */
const COMPRESS_BLOCKS = `set -eu
directory=$1 file=$2 parts=$3
shift 3
for block in "$@"; do
  dd if="$directory/$file" bs=${BLOCK_BYTES} skip="$block" count=1 status=none |
    gzip --no-name -${LEVEL} >"$directory/$parts/$block"
  echo "$block"
done`;

/**
 * Compresses a disk image with gzip on all processors: each block is a member of its own, and one that lies in a hole is
 * compressed once for all of them. The bytes depend neither on the number of processors nor on where there are holes.
 * Blocks are put together while others are compressed.
 *
 * @param run starts a program of the tool root; the lines that it writes are given to `onLine`
 * @throws {HOST_PROGRAM_FAILED} @throws {HOST_FILE_UNREADABLE} @throws {HOST_FILE_UNWRITABLE}
 * @see RFC 1952, section 2.2: a file is a series of members
 */
export async function compressGzip(
  files: HostFiles,
  run: RunProgram,
  { file, seenDirectory, ranges, threadCount }: GzipOptions,
): Promise<CompressedFile> {
  const sizeBytes = (await files.stat(file))?.sizeBytes ?? 0;
  const blocks = cutIntoBlocks(sizeBytes, ranges);
  const firstHole = blocks.findIndex(({ isHole }) => isHole);
  const distinct = blocks.filter(({ isHole, number }) => !isHole || number === firstHole);
  const parts = files.temporaryName(path.dirname(file), ".gzip");
  await files.makeDirectory(parts);
  const finished = new Map(distinct.map(({ number }) => [String(number), Promise.withResolvers<void>()]));
  const names = [seenDirectory, path.basename(file), path.basename(parts)];
  const workers = shareOut([...finished.keys()], threadCount).map((share) =>
    run(["sh", "-c", COMPRESS_BLOCKS, "sh", ...names, ...share], (line) => finished.get(line)?.resolve()),
  );
  const ended = Promise.all(workers);
  // Who waits for a block hears of it.
  ended.catch(() => undefined);
  const digest = createDigest("sha256");
  const compressed = async function* (): AsyncGenerator<Uint8Array> {
    for (const { number, isHole, lengthBytes } of blocks) {
      const name = String(isHole ? firstHole : number);
      await Promise.race([finished.get(name)?.promise, ended]);
      const part = await files.readBytes(path.join(parts, name));
      requireComplete(part, lengthBytes, file);
      digest.update(part);
      yield part;
      // A part and its copy are never there together for long.
      if (!isHole) await files.remove(path.join(parts, name));
    }
    await ended;
  };
  try {
    const output = `${file}.gz`;
    await files.writeAtomic(output, compressed());
    return { file: output, sha256: digest.digest() as Sha256Hex };
  } finally {
    // Nobody writes into a directory that is removed.
    await Promise.allSettled(workers);
    await files.remove(parts);
  }
}

/** As many lists as there are threads, each with every so many-th item: all get on at the same pace. */
function shareOut<T>(items: readonly T[], threadCount: number): T[][] {
  const count = Math.max(1, Math.min(threadCount, items.length));
  return Array.from({ length: count }, (_, worker) => items.filter((_item, at) => at % count === worker));
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

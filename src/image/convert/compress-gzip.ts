import path from "node:path";
import { ComposerError, createDigest, type Sha256Hex } from "../../core/index.ts";
import type { ByteRange, HostFiles } from "../../host/index.ts";
import type { SeenFile } from "./data-ranges.ts";

export interface GzipOptions extends SeenFile {
  /** How many programs run at the same time. */
  readonly threadCount: number;
}

/** A gzip file of an image, which may still be in the making. */
export interface GzipCompression extends AsyncDisposable {
  /**
   * Goes ahead with what lies in parts of the image that nobody writes to any more, and leaves a processor, where there
   * are several, to those who make the rest.
   *
   * @param ranges where the image has data by now
   */
  begin(ranges: readonly ByteRange[], settled: readonly ByteRange[]): Promise<void>;
  /**
   * Compresses what is left.
   *
   * @param ranges where the image has data; it is zero elsewhere
   * @throws {HOST_PROGRAM_FAILED} @throws {HOST_FILE_UNREADABLE} @throws {HOST_FILE_UNWRITABLE}
   */
  finish(ranges: readonly ByteRange[]): Promise<CompressedFile>;
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

/**
 * Compresses blocks of a file: block N of `$1/$2` becomes `$1/$3/N`, and then N a line. What another has taken is left
 * to it. All programs are of coreutils, or gzip.
 */
const COMPRESS_BLOCKS = `set -euC
directory=$1 file=$2 parts=$1/$3
shift 3
for block in "$@"; do
  [ ! -e "$parts/stop" ] || exit 0
  if said=$( (: >"$parts/$block.taken") 2>&1); then
    dd if="$directory/$file" bs=${BLOCK_BYTES} skip="$block" count=1 status=none |
      gzip --no-name -${LEVEL} >"$parts/$block"
    echo "$block"
  elif [ ! -e "$parts/$block.taken" ]; then
    echo "$said" >&2
    exit 1
  fi
done`;

/**
 * Compresses a disk image with gzip on all processors: each block is a member of its own, and one that lies in a hole is
 * compressed once for all of them. The bytes depend neither on the number of processors nor on where there are holes.
 * Blocks are put together while others are compressed.
 *
 * @param run starts a program of the tool root; the lines that it writes are given to `onLine`
 * @see RFC 1952, section 2.2: a file is a series of members
 */
export function openGzip(
  files: HostFiles,
  run: RunProgram,
  { file, seenDirectory, threadCount }: GzipOptions,
): GzipCompression {
  const parts = files.temporaryName(path.dirname(file), ".gzip");
  const finished = new Map<number, PromiseWithResolvers<void>>();
  const workers: Promise<unknown>[] = [];
  let runningCount = 0;

  const sizeBytes = async (): Promise<number> => (await files.stat(file))?.sizeBytes ?? 0;
  /** Programs that share the blocks: whoever is free takes the next one. */
  const start = async (blocks: readonly Block[], count: number): Promise<void> => {
    await files.makeDirectory(parts);
    for (const { number } of blocks) if (!finished.has(number)) finished.set(number, Promise.withResolvers());
    const argv = ["sh", "-c", COMPRESS_BLOCKS, "sh", seenDirectory, path.basename(file), path.basename(parts)] as const;
    const numbers = blocks.map(({ number }) => String(number));
    for (let started = 0; started < Math.min(count, blocks.length); started += 1) {
      runningCount += 1;
      const worker = run([...argv, ...numbers], (line) => finished.get(Number(line))?.resolve()).finally(
        () => (runningCount -= 1),
      );
      // Who waits for a block hears of it.
      worker.catch(() => undefined);
      workers.push(worker);
    }
  };

  return {
    async begin(ranges, settled) {
      const blocks = cutIntoBlocks(await sizeBytes(), ranges);
      const final = blocks.filter((block) => !block.isHole && settled.some((range) => isWithin(range, block)));
      await start(final, Math.max(1, threadCount - 1));
    },
    async finish(ranges) {
      const blocks = cutIntoBlocks(await sizeBytes(), ranges);
      const firstHole = blocks.find(({ isHole }) => isHole);
      await start(
        blocks.filter((block) => !block.isHole || block === firstHole),
        Math.max(1, threadCount - runningCount),
      );
      const ended = Promise.all(workers);
      ended.catch(() => undefined);
      const digest = createDigest("sha256");
      const compressed = async function* (): AsyncGenerator<Uint8Array> {
        for (const block of blocks) {
          const { number, lengthBytes } = block.isHole && firstHole !== undefined ? firstHole : block;
          await Promise.race([finished.get(number)?.promise, ended]);
          const part = await files.readBytes(path.join(parts, String(number)));
          requireComplete(part, lengthBytes, file);
          digest.update(part);
          yield part;
          // A part and its copy are never there together for long.
          if (!block.isHole) await files.remove(path.join(parts, String(number)));
        }
        await ended;
      };
      const output = `${file}.gz`;
      await files.writeAtomic(output, compressed());
      return { file: output, sha256: digest.digest() as Sha256Hex };
    },
    async [Symbol.asyncDispose]() {
      // Where that cannot be said, they end when all is done.
      if (runningCount > 0) await files.write(path.join(parts, "stop"), "").catch(() => undefined);
      // Nobody writes into a directory that is removed.
      await Promise.allSettled(workers);
      await files.remove(parts);
    },
  };
}

interface Block {
  readonly number: number;
  readonly startBytes: number;
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
    const startBytes = number * BLOCK_BYTES;
    const lengthBytes = Math.min(BLOCK_BYTES, sizeBytes - startBytes);
    return { number, startBytes, lengthBytes, isHole: lengthBytes === BLOCK_BYTES && !withData.has(number) };
  });
}

function isWithin(range: ByteRange, { startBytes, lengthBytes }: Block): boolean {
  const endBytes = range.startBytes + range.lengthBytes;
  return range.startBytes <= startBytes && startBytes + lengthBytes <= endBytes;
}

/** A shell tells only how the last program of a pipe ended: the member itself says how much went into it. */
function requireComplete(member: Uint8Array, lengthBytes: number, file: string): void {
  const trailer = new DataView(member.buffer, member.byteOffset, member.byteLength);
  if (member.length >= 18 && trailer.getUint32(member.length - 4, true) === lengthBytes) return;
  throw new ComposerError("HOST_PROGRAM_FAILED", `Cannot compress "${file}": a block was not read to its end`);
}

import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { HostFiles, OpenFile } from "../../host/index.ts";

export interface GzipOptions {
  /** The file on this host; the result is beside it, with the suffix `.gz`. */
  readonly file: string;
  /** The directory of `file` as programs see it. */
  readonly seenDirectory: string;
  /** How many programs run at the same time. */
  readonly threadCount: number;
}

const MIB = 1024 * 1024;
/** Part of the format of the output: another size gives other bytes. */
const BLOCK_BYTES = 16 * MIB;
const PIECE_BYTES = MIB;
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** Compresses blocks of a file: block N of `$1/$2` becomes `$1/$3/N`. Every program is of coreutils, or gzip itself. */
const COMPRESS_BLOCKS = `set -eu
directory=$1 file=$2 parts=$3
shift 3
for block in "$@"; do
  dd if="$directory/$file" bs=${BLOCK_BYTES} skip="$block" count=1 status=none |
    gzip --no-name -6 >"$directory/$parts/$block"
done`;

/**
 * Compresses a disk image with gzip on all processors: each block is a member of its own, and the many blocks of zeros
 * that an image has are compressed once. The bytes do not depend on the number of processors.
 *
 * @param run starts a program of the tool root
 * @returns the compressed file
 * @throws {HOST_PROGRAM_FAILED} @throws {HOST_FILE_UNREADABLE} @throws {HOST_FILE_UNWRITABLE}
 * @see RFC 1952, section 2.2: a file is a series of members
 */
export async function compressGzip(
  files: HostFiles,
  run: (argv: readonly [string, ...string[]]) => Promise<unknown>,
  { file, seenDirectory, threadCount }: GzipOptions,
): Promise<string> {
  const blocks = await readBlocks(files, file);
  const firstZero = blocks.findIndex(({ isZero }) => isZero);
  const distinct = blocks.filter(({ isZero }, number) => !isZero || number === firstZero);
  const parts = files.temporaryName(path.dirname(file), ".gzip");
  await files.makeDirectory(parts);
  try {
    const shares = Array.from({ length: Math.max(1, threadCount) }, (_, worker) =>
      distinct.filter((_, at) => at % Math.max(1, threadCount) === worker).map(({ number }) => String(number)),
    );
    const names = [seenDirectory, path.basename(file), path.basename(parts)];
    await Promise.all(
      shares
        .filter((share) => share.length > 0)
        .map((share) => run(["sh", "-c", COMPRESS_BLOCKS, "sh", ...names, ...share])),
    );
    const compressed = async function* (): AsyncGenerator<Uint8Array> {
      for (const { number, isZero, lengthBytes } of blocks) {
        const part = await files.readBytes(path.join(parts, String(isZero ? firstZero : number)));
        requireComplete(part, lengthBytes, file);
        yield part;
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
  /** Full, and nothing but zeros. */
  readonly isZero: boolean;
}

async function readBlocks(files: HostFiles, file: string): Promise<Block[]> {
  const sizeBytes = (await files.stat(file))?.sizeBytes ?? 0;
  await using open = await files.open(file);
  const blocks: Block[] = [];
  // An empty file has one empty block: an empty file is no gzip file.
  for (let start = 0, number = 0; number === 0 || start < sizeBytes; start += BLOCK_BYTES, number++) {
    const lengthBytes = Math.min(BLOCK_BYTES, sizeBytes - start);
    const isZero = lengthBytes === BLOCK_BYTES && (await isZeroBlock(open, start));
    blocks.push({ number, lengthBytes, isZero });
  }
  return blocks;
}

async function isZeroBlock(file: OpenFile, start: number): Promise<boolean> {
  for (let offset = 0; offset < BLOCK_BYTES; offset += PIECE_BYTES) {
    if (!ZEROS.equals(await file.readAt(start + offset, PIECE_BYTES))) return false;
  }
  return true;
}

/** A shell tells only how the last program of a pipe ended: the member itself says how much went into it. */
function requireComplete(member: Uint8Array, lengthBytes: number, file: string): void {
  const trailer = new DataView(member.buffer, member.byteOffset, member.byteLength);
  if (member.length >= 18 && trailer.getUint32(member.length - 4, true) === lengthBytes) return;
  throw new ComposerError("HOST_PROGRAM_FAILED", `Cannot compress "${file}": a block was not read to its end`);
}

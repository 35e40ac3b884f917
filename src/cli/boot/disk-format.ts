import { ComposerError } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";

/** Disk formats by QEMU's names. */
export type DiskFormat = "raw" | "qcow2" | "vpc" | "vhdx" | "vmdk" | "vdi";

interface Magic {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const FORMATS: readonly (readonly [Exclude<DiskFormat, "raw">, Magic])[] = [
  ["qcow2", { offset: 0, bytes: Buffer.from("QFI\u00fb", "latin1") }],
  ["vpc", { offset: 0, bytes: Buffer.from("conectix") }],
  ["vhdx", { offset: 0, bytes: Buffer.from("vhdxfile") }],
  ["vmdk", { offset: 0, bytes: Buffer.from("KDMV") }],
  ["vdi", { offset: 0x40, bytes: Buffer.from("7f10dabe", "hex") }],
];

const COMPRESSIONS: readonly (readonly [program: string, Magic])[] = [
  ["gzip", { offset: 0, bytes: Buffer.from("1f8b", "hex") }],
  ["xz", { offset: 0, bytes: Buffer.from("fd377a585a00", "hex") }],
  ["zstd", { offset: 0, bytes: Buffer.from("28b52ffd", "hex") }],
  ["bzip2", { offset: 0, bytes: Buffer.from("BZh") }],
];

const SECTOR_BYTES = 512;

/**
 * The format of a disk image, by its content: QEMU is told it, since guessing lets a guest choose the format of its disk.
 *
 * @throws {HOST_FILE_UNREADABLE} @throws {USAGE} the file is compressed or too small for a disk
 */
export async function diskFormatOf(
  files: Pick<HostFiles, "stat" | "realPath" | "readStream">,
  file: string,
): Promise<DiskFormat> {
  // What a name leads to is what counts, also through symbolic links.
  const target = await files.realPath(file);
  const stat = await files.stat(target);
  if (stat?.kind !== "file") throw new ComposerError("USAGE", `Cannot boot "${file}": it is not a file`);
  const head = await firstPiece(files, target);
  const compression = COMPRESSIONS.find(([, magic]) => startsWith(head, magic));
  if (compression !== undefined) {
    throw new ComposerError("USAGE", `Cannot boot "${file}": it is compressed`, {
      hint: `Unpack it first, for example with: ${compression[0]} -dk ${file}`,
    });
  }
  if (stat.sizeBytes < SECTOR_BYTES)
    throw new ComposerError("USAGE", `Cannot boot "${file}": it is too small for a disk`);
  return FORMATS.find(([, magic]) => startsWith(head, magic))?.[0] ?? "raw";
}

async function firstPiece(files: Pick<HostFiles, "readStream">, file: string): Promise<Uint8Array> {
  for await (const piece of files.readStream(file)) return piece;
  return new Uint8Array();
}

function startsWith(head: Uint8Array, { offset, bytes }: Magic): boolean {
  return Buffer.compare(head.subarray(offset, offset + bytes.length), bytes) === 0;
}

import { ComposerError } from "../../../core/index.ts";
import type { CompressionFormat } from "../../compression/index.ts";
import { type CpioEntry, readCpio } from "./cpio.ts";
import type { RpmFile } from "./rpm-files.ts";

/** A file of the payload: what the header says about it, and its content. */
export interface RpmEntry {
  readonly file: RpmFile;
  /** Of `content`: 0 for a hard link whose content comes with another one, and for directories. */
  readonly sizeBytes: number;
  /** Of files, and of symbolic links their target. To be read before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

const FORMAT_OF_COMPRESSOR: Readonly<Record<string, CompressionFormat>> = {
  gzip: "gz",
  xz: "xz",
  lzma: "lzma",
  zstd: "zstd",
  bzip2: "bz2",
};

/**
 * How a payload is compressed.
 *
 * @param start the first bytes of the payload: the header says nothing of a plain one, also when it once was compressed
 * @throws {PACKAGE_FORMAT_INVALID}
 */
export function compressionOfPayload(compressor: string, start: Uint8Array, object: string): CompressionFormat {
  if (Buffer.from(start).toString("latin1").startsWith("07")) return "none";
  if (compressor === "") return "gz";
  const format = Object.hasOwn(FORMAT_OF_COMPRESSOR, compressor) ? FORMAT_OF_COMPRESSOR[compressor] : undefined;
  if (format === undefined) throw invalid(object, `its payload is compressed by ${JSON.stringify(compressor)}`);
  return format;
}

/**
 * The files of a plain payload, each matched with the header: names, sizes and link targets of the archive must be those
 * of the header, and no file may be missing or there twice.
 *
 * @param payload decompressed
 * @param files of the header
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_UNSAFE_PATH} @throws {PACKAGE_TOO_LARGE}
 */
export async function* matchEntries(
  payload: AsyncIterable<Uint8Array>,
  files: readonly RpmFile[],
  object: string,
): AsyncGenerator<RpmEntry, void, undefined> {
  const missing = new Map(files.filter(({ flags }) => !flags.ghost).map((file) => [file.path, file]));
  const links = lastLinks(files);
  const isLink = (file: RpmFile): boolean => file.type === "file" && file.linkCount > 1;
  /** In the form of large files, the last of several hard links has the content. */
  const sizeOf = (index: number): number | undefined => {
    const file = files[index];
    if (file === undefined) return undefined;
    return hasContent(file) && (!isLink(file) || links.get(linkKey(file)) === file) ? file.sizeBytes : 0;
  };
  for await (const entry of readCpio(payload, sizeOf, object)) {
    const file = fileOf(entry, missing, files, object);
    missing.delete(file.path);
    const isWithout = isLink(file) && entry.sizeBytes === 0;
    if (!isWithout && entry.sizeBytes !== (hasContent(file) ? file.sizeBytes : 0)) {
      throw invalid(
        object,
        `"${file.path}" has ${entry.sizeBytes} bytes in its payload and ${file.sizeBytes} in its header`,
      );
    }
    if (file.type === "symlink") await checkTarget(file, entry, object);
    yield { file, sizeBytes: entry.sizeBytes, content: entry.content };
  }
  const [first] = missing.keys();
  if (first !== undefined) throw invalid(object, `"${first}" is not in its payload`);
}

/** Identifies a file of several names within its package. */
export function linkKey({ device, inode }: RpmFile): string {
  return `${device}:${inode}`;
}

function lastLinks(files: readonly RpmFile[]): ReadonlyMap<string, RpmFile> {
  const links = files.filter(({ type, linkCount, flags }) => type === "file" && linkCount > 1 && !flags.ghost);
  return new Map(links.map((file) => [linkKey(file), file]));
}

function hasContent({ type }: RpmFile): boolean {
  return type === "file" || type === "symlink";
}

function fileOf(
  { of }: CpioEntry,
  missing: ReadonlyMap<string, RpmFile>,
  files: readonly RpmFile[],
  object: string,
): RpmFile {
  const path = typeof of === "string" ? of.replace(/^(?:\.\/|\/)?/, "/") : (files[of]?.path ?? "");
  const file = missing.get(path);
  if (file !== undefined) return file;
  if (path.split("/").includes("..")) {
    throw new ComposerError("PACKAGE_UNSAFE_PATH", `Cannot read ${object}: "${of}" leads out of the tree`);
  }
  const isKnown = files.some((other) => other.path === path);
  throw invalid(
    object,
    `its payload has "${path}", which ${isKnown ? "does not belong there" : "its header does not know"}`,
  );
}

/** The header is what signatures are over; content that differs is somebody's trick. */
async function checkTarget(file: RpmFile, entry: CpioEntry, object: string): Promise<void> {
  if (entry.sizeBytes > MAX_TARGET_BYTES) throw invalid(object, `the target of its link "${file.path}" is too long`);
  const pieces: Uint8Array[] = [];
  for await (const piece of entry.content) pieces.push(piece);
  if (Buffer.concat(pieces).toString("utf8") !== file.linkTarget) {
    throw invalid(object, `its link "${file.path}" leads elsewhere in its payload than in its header`);
  }
}

const MAX_TARGET_BYTES = 4096;

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

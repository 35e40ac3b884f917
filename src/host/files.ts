import { createHash, type Hash, randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { makeDirectories } from "./make-directories.ts";
import { ComposerError, type Sha256Hex, messageOf } from "../core/index.ts";

export interface FileStat {
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly sizeBytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since 1970, with fractions. */
  readonly mtimeMs: number;
  readonly inode: number;
}

/** Bytes of a file from `startBytes` on. */
export interface ByteRange {
  readonly startBytes: number;
  readonly lengthBytes: number;
}

/** An open file that is read and written at byte offsets. */
export interface OpenFile extends AsyncDisposable {
  readAt(offset: number, lengthBytes: number): Promise<Uint8Array>;
  writeAt(offset: number, content: Uint8Array): Promise<void>;
  /** Sets the length; new bytes are a hole. */
  truncate(sizeBytes: number): Promise<void>;
  sync(): Promise<void>;
}

/** The files of the host. Paths are absolute or relative to the working directory of the program. */
export interface HostFiles {
  /** @throws {HOST_FILE_UNREADABLE} */
  readBytes(file: string): Promise<Uint8Array>;
  /** UTF-8. @throws {HOST_FILE_UNREADABLE} */
  readText(file: string): Promise<string>;
  /** Pieces of 256 KiB. @throws {HOST_FILE_UNREADABLE} */
  readStream(file: string): AsyncIterable<Uint8Array>;
  /** Undefined when nothing is there; never follows a symbolic link at the end. */
  stat(file: string): Promise<FileStat | undefined>;
  exists(file: string): Promise<boolean>;
  /** The resolved absolute path. @throws {HOST_FILE_UNREADABLE} */
  realPath(file: string): Promise<string>;
  readLink(file: string): Promise<string>;
  /** Names in code unit order; empty when the directory is not there. */
  list(directory: string): Promise<string[]>;
  isReadable(file: string): Promise<boolean>;
  /** Free bytes that this user may use on the file system of `directory`. */
  freeBytes(directory: string): Promise<number>;
  sha256(file: string): Promise<Sha256Hex>;
  /** As {@link sha256}, of a file that is zero but for these ranges; only they are read. */
  sha256OfRanges(file: string, ranges: readonly ByteRange[]): Promise<Sha256Hex>;

  /** Makes a directory and its parents; `mode` is for a new one, whatever the umask is. */
  makeDirectory(directory: string, mode?: number): Promise<void>;
  /** Writes beside the target, then renames: a reader sees all of it or nothing. @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE} */
  writeAtomic(file: string, content: string | Uint8Array | AsyncIterable<Uint8Array>, mode?: number): Promise<void>;
  /** Writes a file that must not be there yet, complete or not at all. @throws {HOST_FILE_UNWRITABLE} it is there */
  writeNew(file: string, content: string, mode: number): Promise<void>;
  /** Creates or truncates the file and writes in place. */
  write(file: string, content: string | Uint8Array, mode?: number): Promise<void>;
  append(file: string, content: string | Uint8Array): Promise<void>;
  /** Opens for reading and writing; `create` makes an empty file first. */
  open(file: string, options?: { readonly create?: boolean }): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** Copies a file, keeping holes and sharing blocks where the file system can. */
  copy(from: string, to: string): Promise<void>;
  /**
   * Makes the same file appear under a second name that nothing has yet: shares its blocks where the file system can,
   * else the file itself (hard link), else copies it. Neither name may be written to afterwards.
   */
  share(from: string, to: string): Promise<void>;
  symlink(target: string, link: string): Promise<void>;
  /** Removes a file or a whole directory; nothing there is no error. */
  remove(target: string): Promise<void>;
  setMode(file: string, mode: number): Promise<void>;
  /** Never follows a symbolic link. */
  setOwner(file: string, uid: number, gid: number): Promise<void>;
  /** Seconds since 1970; never follows a symbolic link. */
  setTimes(file: string, mtimeSeconds: number): Promise<void>;
  /** A name in `directory` that nothing has: for what is written first and renamed later. */
  temporaryName(directory: string, prefix: string): string;
}

export const nodeFiles: HostFiles = {
  readBytes: (file) => reading(file, () => fs.readFile(file)),
  readText: (file) => reading(file, () => fs.readFile(file, "utf8")),
  readStream: (file) => readStream(file),
  stat: async (file) => statOf(file),
  exists: async (file) => (await statOf(file)) !== undefined,
  realPath: (file) => reading(file, () => fs.realpath(file)),
  readLink: (file) => reading(file, () => fs.readlink(file)),
  list: async (directory) => {
    try {
      return (await fs.readdir(directory)).sort();
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw unreadable(directory, error);
    }
  },
  isReadable: async (file) => {
    try {
      await fs.access(file, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  },
  freeBytes: async (directory) => {
    const { bavail, bsize } = await fs.statfs(directory);
    return bavail * bsize;
  },
  sha256: async (file) => {
    const hash = createHash("sha256");
    await addFile(hash, file);
    return hash.digest("hex") as Sha256Hex;
  },
  sha256OfRanges: async (file, ranges) => {
    const hash = createHash("sha256");
    let position = 0;
    for (const { startBytes, lengthBytes } of ranges.filter((range) => range.lengthBytes > 0)) {
      addZeros(hash, startBytes - position);
      position = startBytes + lengthBytes;
      await addFile(hash, file, { startBytes, lengthBytes });
    }
    addZeros(hash, ((await statOf(file))?.sizeBytes ?? 0) - position);
    return hash.digest("hex") as Sha256Hex;
  },

  makeDirectory: (directory, mode) =>
    writing(directory, async () => {
      makeDirectories(directory, mode);
    }),
  writeAtomic: (file, content, mode = 0o644) =>
    writing(file, async () => {
      const fresh = temporaryName(path.dirname(file), `.${path.basename(file)}`);
      try {
        await fs.writeFile(fresh, content, { mode, flag: "wx" });
        await fs.chmod(fresh, mode);
        await fs.rename(fresh, file);
      } catch (error) {
        await fs.rm(fresh, { force: true });
        throw error;
      }
    }),
  writeNew: (file, content, mode) =>
    writing(file, async () => {
      const fresh = temporaryName(path.dirname(file), `.${path.basename(file)}`);
      try {
        await fs.writeFile(fresh, content, { mode, flag: "wx" });
        await fs.chmod(fresh, mode);
        // Unlike a rename, a link never replaces what is there.
        await fs.link(fresh, file);
      } finally {
        await fs.rm(fresh, { force: true });
      }
    }),
  write: (file, content, mode) =>
    writing(file, async () => {
      await fs.writeFile(file, content);
      if (mode !== undefined) await fs.chmod(file, mode);
    }),
  append: (file, content) => writing(file, () => fs.appendFile(file, content)),
  open: (file, options = {}) =>
    writing(file, async () => {
      const handle = await fs.open(file, options.create === true ? "w+" : "r+");
      return openFile(file, handle);
    }),
  rename: (from, to) => writing(to, () => fs.rename(from, to)),
  copy: (from, to) => writing(to, () => copySparse(from, to)),
  share: (from, to) => writing(to, () => share(from, to)),
  symlink: (target, link) => writing(link, () => fs.symlink(target, link)),
  remove: (target) => writing(target, () => fs.rm(target, { recursive: true, force: true })),
  setMode: (file, mode) => writing(file, () => fs.chmod(file, mode)),
  setOwner: (file, uid, gid) => writing(file, () => fs.lchown(file, uid, gid)),
  setTimes: (file, mtimeSeconds) => writing(file, () => fs.lutimes(file, mtimeSeconds, mtimeSeconds)),
  temporaryName: (directory, prefix) => temporaryName(directory, prefix),
};

const PIECE_BYTES = 256 * 1024;

const ZEROS = new Uint8Array(PIECE_BYTES);

function addZeros(hash: Hash, lengthBytes: number): void {
  for (let left = lengthBytes; left > 0; left -= PIECE_BYTES) hash.update(ZEROS.subarray(0, left));
}

/** Through one buffer: a stream's would be new ones, which are as expensive as the digest itself. */
async function addFile(hash: Hash, file: string, part: ByteRange = EVERYTHING): Promise<void> {
  await reading(file, async () => {
    await using handle = await fs.open(file, "r");
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    for (let done = 0; done < part.lengthBytes;) {
      const wantedBytes = Math.min(PIECE_BYTES, part.lengthBytes - done);
      const { bytesRead } = await handle.read(buffer, 0, wantedBytes, part.startBytes + done);
      if (bytesRead === 0) return;
      hash.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
  });
}

const EVERYTHING: ByteRange = { startBytes: 0, lengthBytes: Infinity };

async function* readStream(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw hasSystemCode(error) ? unreadable(file, error) : error;
  }
}

function openFile(file: string, handle: fs.FileHandle): OpenFile {
  return {
    readAt: (offset, lengthBytes) =>
      reading(file, async () => {
        const buffer = Buffer.alloc(lengthBytes);
        let filled = 0;
        while (filled < lengthBytes) {
          const { bytesRead } = await handle.read(buffer, filled, lengthBytes - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return buffer.subarray(0, filled);
      }),
    writeAt: (offset, content) =>
      writing(file, async () => {
        let written = 0;
        while (written < content.length) {
          const { bytesWritten } = await handle.write(content, written, content.length - written, offset + written);
          written += bytesWritten;
        }
      }),
    truncate: (sizeBytes) => writing(file, () => handle.truncate(sizeBytes)),
    sync: () => writing(file, () => handle.sync()),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function share(from: string, to: string): Promise<void> {
  try {
    await fs.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return;
  } catch (error) {
    if (hasCode(error, "EEXIST") || hasCode(error, "ENOENT")) throw error;
    await fs.rm(to, { force: true });
  }
  try {
    await fs.link(from, to);
  } catch (error) {
    if (!["EXDEV", "EPERM", "EMLINK", "ENOTSUP"].some((code) => hasCode(error, code))) throw error;
    await copySparse(from, to);
  }
}

const HOLE_BYTES = 64 * 1024;

/** Leaves runs of zeros as holes: images are mostly zeros, and file systems without reflinks would write them all. */
async function copySparse(from: string, to: string): Promise<void> {
  try {
    await fs.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "EACCES")) throw error;
  }
  const [source, target] = [await fs.open(from, "r"), await fs.open(to, "w")];
  try {
    const { size, mode } = await source.stat();
    const piece = Buffer.alloc(4 * 1024 * 1024);
    for (let offset = 0; offset < size;) {
      const { bytesRead } = await source.read(piece, 0, piece.length, offset);
      if (bytesRead === 0) break;
      for (let at = 0; at < bytesRead; at += HOLE_BYTES) {
        const block = piece.subarray(at, Math.min(at + HOLE_BYTES, bytesRead));
        if (!isZero(block)) await target.write(block, 0, block.length, offset + at);
      }
      offset += bytesRead;
    }
    await target.truncate(size);
    await target.chmod(mode & 0o7777);
  } finally {
    await source.close();
    await target.close();
  }
}

function isZero(block: Buffer): boolean {
  return block[0] === 0 && block.compare(block, 1, block.length, 0, block.length - 1) === 0;
}

async function statOf(file: string): Promise<FileStat | undefined> {
  try {
    const stat = await fs.lstat(file);
    const kind = stat.isFile()
      ? "file"
      : stat.isDirectory()
        ? "directory"
        : stat.isSymbolicLink()
          ? "symlink"
          : "other";
    const { size, mode, uid, gid, mtimeMs, ino } = stat;
    return { kind, sizeBytes: size, mode: mode & 0o7777, uid, gid, mtimeMs, inode: ino };
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw unreadable(file, error);
  }
}

function temporaryName(directory: string, prefix: string): string {
  return path.join(directory, `${prefix}.${randomBytes(6).toString("hex")}`);
}

async function reading<T>(file: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function writing<T>(file: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeError(file, error);
  }
}

function unreadable(file: string, error: unknown): ComposerError {
  return new ComposerError("HOST_FILE_UNREADABLE", `Cannot read "${file}": ${reasonOf(error)}`, { cause: error });
}

/** What to do when a file system is full. */
export const FREE_SPACE_HINT =
  "Free space there, or choose other directories with --work-dir, --cache-dir and --output";

/** The error for a failed write: a full disk gets its own code. */
export function writeError(file: string, error: unknown): unknown {
  if (error instanceof ComposerError || !hasSystemCode(error)) return error;
  if (hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT")) {
    return new ComposerError("HOST_DISK_FULL", `Cannot write "${file}": no space is left on its file system`, {
      hint: FREE_SPACE_HINT,
      cause: error,
    });
  }
  return new ComposerError("HOST_FILE_UNWRITABLE", `Cannot write "${file}": ${reasonOf(error)}`, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EACCES: "permission is denied",
  EPERM: "the operation is not permitted",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of the path is not a directory",
  EROFS: "its file system is read-only",
  EEXIST: "it already exists",
};

function reasonOf(error: unknown): string {
  if (hasSystemCode(error)) return REASONS[error.code] ?? messageOf(error);
  return messageOf(error);
}

function hasSystemCode(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

function hasCode(error: unknown, code: string): boolean {
  return hasSystemCode(error) && error.code === code;
}

import * as fs from "node:fs";
import path from "node:path";
import { ComposerError, formatSize } from "../core/index.ts";
import { writeError } from "./files.ts";
import {
  type TreeAttributes,
  type TreeDirectories,
  createTreeDirectories,
  pathComponents,
} from "./tree-directories.ts";

export type { TreeAttributes };

export interface TreeWriterOptions {
  /** False when this user can't give files away: everything then belongs to the user. */
  readonly setOwners: boolean;
  /** Most entries that may be written; 2 million when absent. */
  readonly maxEntries?: number;
  /** Most bytes of file content that may be written; 64 GiB when absent. */
  readonly maxBytes?: number;
  /** A symbolic link takes the place of a directory that has nothing in it. */
  readonly linksReplaceEmptyDirectories?: true;
}

/**
 * Writes the entries of untrusted archives below one directory.
 *
 * Paths are relative to the root, as archives have them (`./usr/bin/x`). A symbolic link in a parent component is
 * followed as the finished system would, with the root as `/`, and never out of the root; one in the place of an
 * entry is replaced, not followed.
 *
 * Every method throws: {PACKAGE_UNSAFE_PATH} the path leads out of the root; {PACKAGE_TOO_LARGE} a limit is passed;
 * {PACKAGE_FORMAT_INVALID} something else is in the entry's place, or the content has another size than declared;
 * {HOST_DISK_FULL}, {HOST_FILE_UNWRITABLE}.
 */
export interface TreeWriter {
  /** Makes a directory, or takes an existing one or a link to one; attributes are set by {@link finish}. */
  directory(entry: string, attributes: TreeAttributes): void;
  /** Content in one piece or in many; it must have exactly `sizeBytes`. */
  file(
    entry: string,
    attributes: TreeAttributes & { readonly sizeBytes: number },
    content: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<void>;
  /** `target` is written as it is. An existing directory stays, as with dpkg, unless the options say otherwise. */
  symlink(entry: string, target: string, attributes: TreeAttributes): void;
  /** `target` is a path below the root, like `entry`. */
  hardlink(entry: string, target: string): void;
  /** Sets owner, mode and time of all directories that were written to: new children no longer change them. */
  finish(): void;
}

const DEFAULT_MAX_ENTRIES = 2_000_000;
const DEFAULT_MAX_BYTES = 64 * 1024 ** 3;

/**
 * A {@link TreeWriter} over an existing directory.
 *
 * File system calls are synchronous: for the small files that packages are made of, each asynchronous call costs
 * more than the work that it does.
 */
export function createTreeWriter(root: string, options: TreeWriterOptions): TreeWriter {
  const realRoot = writing(root, () => fs.realpathSync(root));
  const directories = createTreeDirectories(realRoot);
  const budget = createBudget(options);

  return {
    directory(entry, attributes) {
      budget.spend(entry, 0);
      directories.declare(entry, attributes);
    },

    async file(entry, attributes, content) {
      budget.spend(entry, attributes.sizeBytes);
      const place = directories.placeOf(entry, attributes.mtimeSeconds);
      const descriptor = replacing(directories, entry, place, () => fs.openSync(place, CREATE_EXCLUSIVELY, 0o600));
      if (descriptor === undefined) throw inTheWay(entry, "a directory");
      try {
        const written = await writeContent(place, descriptor, content, attributes.sizeBytes);
        if (written !== attributes.sizeBytes) throw wrongSize(entry, attributes.sizeBytes);
        writing(place, () => {
          // The owner first: changing it clears the set-user-ID bit.
          if (options.setOwners) fs.fchownSync(descriptor, attributes.uid, attributes.gid);
          fs.fchmodSync(descriptor, attributes.mode);
          fs.futimesSync(descriptor, attributes.mtimeSeconds, attributes.mtimeSeconds);
        });
      } finally {
        fs.closeSync(descriptor);
      }
    },

    symlink(entry, target, attributes) {
      budget.spend(entry, 0);
      if (target === "" || target.includes("\0")) {
        throw new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot unpack "${entry}": its link target is not a path`);
      }
      const place = directories.placeOf(entry, attributes.mtimeSeconds);
      const mayReplace = options.linksReplaceEmptyDirectories === true && pathComponents(entry).length > 0;
      if (mayReplace && isRemovedWhenEmpty(place)) directories.drop(place);
      const made = replacing(directories, entry, place, () => {
        fs.symlinkSync(target, place);
        return true;
      });
      if (made === undefined) return;
      writing(place, () => {
        if (options.setOwners) fs.lchownSync(place, attributes.uid, attributes.gid);
        fs.lutimesSync(place, attributes.mtimeSeconds, attributes.mtimeSeconds);
      });
    },

    hardlink(entry, target) {
      budget.spend(entry, 0);
      const source = directories.existing(target);
      const stat = source === undefined ? undefined : lstat(source);
      if (source === undefined || stat === undefined || stat.isDirectory()) {
        throw new ComposerError(
          "PACKAGE_FORMAT_INVALID",
          `Cannot unpack "${entry}": it is a hard link to "${target}", which is no file of the tree`,
        );
      }
      const place = directories.placeOf(entry, stat.mtimeMs / 1000);
      if (place === source) return;
      const made = replacing(directories, entry, place, () => {
        fs.linkSync(source, place);
        return true;
      });
      if (made === undefined) throw inTheWay(entry, "a directory");
    },

    finish() {
      for (const { place, mtimeSeconds, attributes } of directories.takeTouched()) {
        writing(place, () => {
          if (attributes !== undefined) {
            if (options.setOwners) fs.chownSync(place, attributes.uid, attributes.gid);
            fs.chmodSync(place, attributes.mode);
          }
          fs.utimesSync(place, mtimeSeconds, mtimeSeconds);
        });
      }
    },
  };
}

const CREATE_EXCLUSIVELY = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;

/** Runs `make`; what is in its place is removed, except a directory: then the outcome is undefined. */
function replacing<T>(directories: TreeDirectories, entry: string, place: string, make: () => T): T | undefined {
  if (pathComponents(entry).length === 0) throw inTheWay(entry, "the root directory");
  try {
    return make();
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw writeError(place, error);
  }
  const stat = lstat(place);
  if (stat?.isDirectory() === true) return undefined;
  return writing(place, () => {
    fs.unlinkSync(place);
    if (stat?.isSymbolicLink() === true) directories.forget();
    return make();
  });
}

function isRemovedWhenEmpty(place: string): boolean {
  try {
    fs.rmdirSync(place);
    return true;
  } catch {
    // It is no directory, or has something in it.
    return false;
  }
}

async function writeContent(
  place: string,
  descriptor: number,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  sizeBytes: number,
): Promise<number> {
  if (content instanceof Uint8Array) return writePiece(place, descriptor, content);
  let written = 0;
  for await (const piece of content) {
    written += writePiece(place, descriptor, piece);
    if (written > sizeBytes) break;
  }
  return written;
}

function writePiece(place: string, descriptor: number, piece: Uint8Array): number {
  for (let offset = 0; offset < piece.length;) {
    offset += writing(place, () => fs.writeSync(descriptor, piece, offset, piece.length - offset));
  }
  return piece.length;
}

function createBudget(options: TreeWriterOptions) {
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES } = options;
  let entriesLeft = maxEntries;
  let bytesLeft = maxBytes;
  return {
    spend(entry: string, sizeBytes: number): void {
      entriesLeft -= 1;
      bytesLeft -= sizeBytes;
      if (entriesLeft < 0) {
        throw new ComposerError("PACKAGE_TOO_LARGE", `Cannot unpack "${entry}": more than ${maxEntries} entries`);
      }
      if (bytesLeft < 0) {
        const message = `Cannot unpack "${entry}": with it there are more than ${formatSize(maxBytes)} of files`;
        throw new ComposerError("PACKAGE_TOO_LARGE", message);
      }
    },
  };
}

function inTheWay(entry: string, what: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot unpack "${entry}": ${what} is in its place`);
}

function wrongSize(entry: string, sizeBytes: number): ComposerError {
  const message = `Cannot unpack "${entry}": its content is not the declared ${sizeBytes} bytes`;
  return new ComposerError("PACKAGE_FORMAT_INVALID", message);
}

function lstat(place: string): fs.Stats | undefined {
  return fs.lstatSync(place, { throwIfNoEntry: false });
}

function writing<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw writeError(path.resolve(place), error);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

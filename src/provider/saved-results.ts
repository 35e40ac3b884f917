import path from "node:path";
import { isComposerError, type SavedResults } from "../core/index.ts";
import type { Host } from "../host/index.ts";

type ResultHost = Pick<Host, "files" | "clock">;

/** A file of a saved result as it was when it was saved: enough to see that nobody changed it since. */
interface FileMark {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

interface ResultRecord<T> {
  readonly key: string;
  readonly files: readonly FileMark[];
  readonly result: T;
}

export interface SavedResultsOptions<T> {
  /** The record's file; it holds the newest result alone. */
  readonly record: string;
  /** The files that the result speaks of. */
  readonly filesOf: (result: T) => readonly string[];
}

/**
 * Keeps the newest result of a step as a JSON record, with marks of the files that belong to it.
 *
 * A result is only given back when its key is the same and every file still has its size, time and inode.
 */
export function saveResultsIn<T>(host: Pick<Host, "files">, options: SavedResultsOptions<T>): SavedResults<T> {
  const { record, filesOf } = options;
  return {
    load: (key) => readUnchanged<T>(host, record, key),
    save: async (key, result) => {
      const files = await Promise.all(filesOf(result).map((file) => markOf(host, file)));
      await host.files.makeDirectory(path.dirname(record));
      await host.files.writeAtomic(record, `${JSON.stringify({ key, files, result } satisfies ResultRecord<T>)}\n`);
    },
  };
}

export interface ShelvedResultOptions<T> {
  /** A directory of its own for the results of one key. */
  readonly directory: string;
  /** The name of the record in it. */
  readonly record: string;
  /** The directory that the files of the result are in while it is in use. */
  readonly home: string;
  readonly filesOf: (result: T) => readonly string[];
  /** The same result with its files elsewhere. */
  readonly moved: (result: T, to: (file: string) => string) => T;
}

/**
 * Keeps a result beside those of other keys: its files appear a second time in `directory` when it is saved, and again in
 * `home` when it is loaded, without being written twice where the file system allows it.
 *
 * A load that finds the files changed, or gone while it looks, finds nothing.
 */
export function shelveResultsIn<T>(host: ResultHost, options: ShelvedResultOptions<T>): SavedResults<T> {
  const { directory, home, filesOf, moved } = options;
  const record = path.join(directory, options.record);
  const shelved = saveResultsIn(host, { record, filesOf });
  const on = (place: string) => (file: string) => path.join(place, path.basename(file));
  return {
    load: async (key) => {
      const result = await shelved.load(key);
      if (result === undefined) return undefined;
      const isComplete = await shareAll(host, filesOf(result), home);
      if (!isComplete) return undefined;
      await host.files.setTimes(record, host.clock.nowMs() / 1000);
      return moved(result, on(home));
    },
    save: async (key, result) => {
      if ((await shelved.load(key)) !== undefined) {
        await host.files.setTimes(record, host.clock.nowMs() / 1000);
        return;
      }
      await host.files.makeDirectory(directory);
      if (!(await shareAll(host, filesOf(result), directory))) return;
      await shelved.save(key, moved(result, on(directory)));
    },
  };
}

/** Results of `first`, and those of `second` in its absence, which `first` then remembers. */
export function saveResultsInBoth<T>(first: SavedResults<T>, second: SavedResults<T>): SavedResults<T> {
  return {
    load: async (key) => {
      const own = await first.load(key);
      if (own !== undefined) return own;
      const other = await second.load(key);
      if (other !== undefined) await first.save(key, other);
      return other;
    },
    save: (key, result) => first.save(key, result),
  };
}

/** @returns false when a file is gone */
async function shareAll({ files }: ResultHost, sources: readonly string[], directory: string): Promise<boolean> {
  for (const source of sources) {
    const name = path.basename(source);
    const unfinished = files.temporaryName(directory, `.${name}`);
    try {
      await files.share(source, unfinished);
      await files.rename(unfinished, path.join(directory, name));
    } catch (error) {
      if (isComposerError(error, "HOST_FILE_UNWRITABLE") && !(await files.exists(source))) return false;
      throw error;
    } finally {
      // Two names of one file: renaming one over the other leaves both.
      await files.remove(unfinished);
    }
  }
  return true;
}

async function readUnchanged<T>(host: Pick<Host, "files">, file: string, key: string): Promise<T | undefined> {
  const saved = await readRecord<T>(host, file);
  if (saved?.key !== key) return undefined;
  for (const mark of saved.files) if (!(await isUnchanged(host, mark))) return undefined;
  return saved.result;
}

/** A record that can't be read is one that isn't there: the step runs and writes it anew. */
async function readRecord<T>({ files }: Pick<Host, "files">, file: string): Promise<ResultRecord<T> | undefined> {
  if (!(await files.exists(file))) return undefined;
  try {
    return JSON.parse(await files.readText(file)) as ResultRecord<T>;
  } catch {
    return undefined;
  }
}

async function markOf({ files }: Pick<Host, "files">, file: string): Promise<FileMark> {
  const stat = await files.stat(file);
  return { path: file, sizeBytes: stat?.sizeBytes ?? -1, mtimeMs: stat?.mtimeMs ?? -1, inode: stat?.inode ?? -1 };
}

async function isUnchanged(host: Pick<Host, "files">, mark: FileMark): Promise<boolean> {
  const now = await markOf(host, mark.path);
  return now.sizeBytes === mark.sizeBytes && now.mtimeMs === mark.mtimeMs && now.inode === mark.inode;
}

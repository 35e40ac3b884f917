import path from "node:path";
import type { SavedResults } from "../core/index.ts";
import type { Host } from "../host/index.ts";

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
export function saveResultsIn<T>(host: Host, { record, filesOf }: SavedResultsOptions<T>): SavedResults<T> {
  return {
    load: async (key) => {
      const saved = await readRecord<T>(host, record);
      if (saved?.key !== key) return undefined;
      for (const mark of saved.files) if (!(await isUnchanged(host, mark))) return undefined;
      return saved.result;
    },
    save: async (key, result) => {
      const files = await Promise.all(filesOf(result).map((file) => markOf(host, file)));
      await host.files.makeDirectory(path.dirname(record));
      await host.files.writeAtomic(record, `${JSON.stringify({ key, files, result } satisfies ResultRecord<T>)}\n`);
    },
  };
}

/** A record that can't be read is one that isn't there: the step runs and writes it anew. */
async function readRecord<T>(host: Host, file: string): Promise<ResultRecord<T> | undefined> {
  if (!(await host.files.exists(file))) return undefined;
  try {
    return JSON.parse(await host.files.readText(file)) as ResultRecord<T>;
  } catch {
    return undefined;
  }
}

async function markOf(host: Host, file: string): Promise<FileMark> {
  const stat = await host.files.stat(file);
  return { path: file, sizeBytes: stat?.sizeBytes ?? -1, mtimeMs: stat?.mtimeMs ?? -1, inode: stat?.inode ?? -1 };
}

async function isUnchanged(host: Host, mark: FileMark): Promise<boolean> {
  const now = await markOf(host, mark.path);
  return now.sizeBytes === mark.sizeBytes && now.mtimeMs === mark.mtimeMs && now.inode === mark.inode;
}

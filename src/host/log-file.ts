import { closeSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { writeError } from "./files.ts";
import { makeDirectories } from "./make-directories.ts";

/** A file that text is appended to; what was written is there even when the program is killed next. */
export interface LogFile {
  /** @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE} */
  append(text: string): void;
  close(): void;
}

/**
 * Opens a log for appending, making its directory when needed; only its owner may read it.
 *
 * @throws {HOST_FILE_UNWRITABLE}
 */
export function openLogFile(file: string): LogFile {
  const descriptor = reportingErrors(file, () => {
    makeDirectories(path.dirname(file));
    return openSync(file, "a", 0o600);
  });
  return {
    append: (text) => reportingErrors(file, () => void writeSync(descriptor, text)),
    close: () => closeSync(descriptor),
  };
}

function reportingErrors<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw writeError(file, error);
  }
}

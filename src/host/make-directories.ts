import * as fs from "node:fs";
import path from "node:path";

/**
 * Makes a directory and those above it that are missing, with `mode` for the last one whatever the umask is; a directory
 * that is there stays as it is.
 *
 * Node's own recursive mkdir never returns on file systems that answer ENOENT where nothing can be made, such as /proc.
 */
export function makeDirectories(directory: string, mode?: number): void {
  if (isDirectory(directory)) return;
  const parent = path.dirname(path.resolve(directory));
  if (parent !== path.resolve(directory)) makeDirectories(parent);
  try {
    fs.mkdirSync(directory);
    if (mode !== undefined) fs.chmodSync(directory, mode);
  } catch (error) {
    // Another build may have made it at this moment.
    if (isDirectory(directory)) return;
    if (!fs.existsSync(directory)) throw error;
    throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${directory}'`, { cause: error }), {
      code: "ENOTDIR",
    });
  }
}

function isDirectory(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}

import path from "node:path";
import { isComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { compareLocks, type Lock, lockFilePath, readLockFile, summarizeLockChanges } from "../ospackage/index.ts";
import type { BuildRequest } from "../provider/index.ts";

/** Warns when a lock is beside the template of a build that does not use it, and has other packages. */
export async function reportLockDifference(
  { files }: Pick<Host, "files">,
  { template, locked, emit }: BuildRequest,
  lock: Lock,
): Promise<void> {
  const file = lockFilePath(template.file);
  if (locked !== undefined || !(await files.exists(file))) return;
  const name = path.basename(file);
  const warn = (message: string): void => emit({ type: "warning", stage: "packages", code: "LOCK", message });
  try {
    const changes = compareLocks((await readLockFile(files, file, { file: name, template: template.file })).lock, lock);
    if (changes.packages.length + changes.toolPackages.length === 0) return;
    const summary = summarizeLockChanges(changes);
    warn(
      `The packages are not those of "${name}" (${summary}): lock --diff shows them, build --locked takes the lock's`,
    );
  } catch (error) {
    if (!isComposerError(error)) throw error;
    warn(`"${name}" beside the template is not used, and could not be: ${error.message}`);
  }
}

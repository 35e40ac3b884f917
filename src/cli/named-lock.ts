import path from "node:path";
import { lockFilePath, readLockFile } from "../ospackage/index.ts";
import type { NamedLockFile } from "../provider/index.ts";
import type { CliContext } from "./context.ts";

/** The lock beside a template. @throws {LOCK_NOT_FOUND} @throws {LOCK_INVALID} */
export async function readNamedLock({ host }: CliContext, template: string): Promise<NamedLockFile> {
  const file = lockFilePath(template);
  const absolute = path.resolve(host.environment.workingDirectory, file);
  return { ...(await readLockFile(host.files, absolute, { file, template })), file };
}

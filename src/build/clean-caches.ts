import { ComposerError } from "../core/index.ts";
import type { Settings } from "../config/index.ts";
import { type Host, tryFileLock } from "../host/index.ts";
import type { KeptFiles } from "./kept-files.ts";
import { useLockFile } from "./take-locks.ts";

/**
 * Removes what builds keep, while none is using it.
 *
 * @param onRemoved called for each path
 * @throws {HOST_LOCK_BUSY} a build is running; nothing was removed
 * @throws {INTERRUPTED} `signal` fired
 */
export async function removeKeptFiles(
  host: Host,
  settings: Pick<Settings, "cacheDir" | "workDir">,
  kept: readonly KeptFiles[],
  options: { readonly onRemoved: (path: string) => void; readonly signal?: AbortSignal },
): Promise<void> {
  if (kept.length === 0) return;
  const needsWorkDir = kept.some(({ kind }) => kind === "workspace");
  const needsCacheDir = kept.some(({ kind }) => kind !== "workspace");
  await using locks = new AsyncDisposableStack();
  for (const directory of [
    ...(needsWorkDir ? [settings.workDir] : []),
    ...(needsCacheDir ? [settings.cacheDir] : []),
  ]) {
    const lock = await tryFileLock(useLockFile(directory));
    if (lock === undefined) throw inUse(directory);
    locks.use(lock);
  }
  for (const target of kept.flatMap(({ paths }) => paths)) {
    if (options.signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    await host.files.remove(target);
    options.onRemoved(target);
  }
}

function inUse(directory: string): ComposerError {
  return new ComposerError("HOST_LOCK_BUSY", `Cannot clean "${directory}": a build is using it`, {
    hint: "Wait for the build to end",
  });
}

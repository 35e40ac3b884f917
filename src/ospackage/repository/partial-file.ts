import path from "node:path";
import { isComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";

/** A download that nobody has written to for so long is nobody's: connections are given up long before. */
const ABANDONED_AFTER_MS = 5 * 60_000;

/**
 * A name for a download that no other process writes to: that of what an earlier run has got, or a new one.
 *
 * Claiming is a rename, so that of two processes only one gets it.
 *
 * @param base what is downloaded, for example its digest
 */
export async function claimPartialFile(
  host: Pick<Host, "files" | "clock">,
  directory: string,
  base: string,
): Promise<string> {
  const own = `${host.files.temporaryName(directory, base)}.part`;
  const released = `${base}.part`;
  for (const name of await host.files.list(directory)) {
    if (!name.startsWith(`${base}.`) || !name.endsWith(".part")) continue;
    const file = path.join(directory, name);
    if (name !== released && !(await isAbandoned(host, file))) continue;
    if (await renamed(host, file, own)) return own;
  }
  return own;
}

/** Leaves what was downloaded to the next run. */
export async function releasePartialFile(
  host: Pick<Host, "files">,
  file: string,
  directory: string,
  base: string,
): Promise<void> {
  const stat = await host.files.stat(file);
  if (stat === undefined) return;
  if (stat.sizeBytes === 0) await host.files.remove(file);
  else await renamed(host, file, path.join(directory, `${base}.part`));
}

async function isAbandoned({ files, clock }: Pick<Host, "files" | "clock">, file: string): Promise<boolean> {
  const stat = await files.stat(file);
  return stat !== undefined && clock.nowMs() - stat.mtimeMs > ABANDONED_AFTER_MS;
}

async function renamed({ files }: Pick<Host, "files">, from: string, to: string): Promise<boolean> {
  try {
    await files.rename(from, to);
    return true;
  } catch (error) {
    // Another process was faster.
    if (isComposerError(error, "HOST_FILE_UNWRITABLE")) return false;
    throw error;
  }
}

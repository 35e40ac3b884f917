import path from "node:path";
import type { Host } from "../host/index.ts";
import { type BuildRequest, SPDX_FILE } from "../provider/index.ts";

/** The documents promise the SBOM of the newest build at this place, too. */
export async function publishSbom(host: Host, { settings }: BuildRequest, evidence: readonly string[]): Promise<void> {
  const sbom = evidence.find((file) => path.basename(file) === SPDX_FILE);
  if (sbom === undefined) return;
  await host.files.makeDirectory(settings.tempDir);
  await host.files.writeAtomic(path.join(settings.tempDir, SPDX_FILE), await host.files.readBytes(sbom));
}

/** Copies the results to the directory that the user named and gives them to the user who called sudo. */
export async function deliver(
  host: Host,
  { emit }: BuildRequest,
  outputDirectory: string | undefined,
  files: readonly string[],
): Promise<void> {
  const delivered = [...files];
  if (outputDirectory !== undefined) {
    await host.files.makeDirectory(outputDirectory);
    for (const file of files) {
      const copy = path.join(outputDirectory, path.basename(file));
      const copied = await copyWhenChanged(host, file, copy);
      emit({ type: "info", stage: "finalize", message: copied ? `Copied to ${copy}` : `${copy} is up to date` });
      delivered.push(copy);
    }
  }
  const owner = sudoCaller(host);
  if (owner !== undefined) for (const file of delivered) await host.files.setOwner(file, owner.uid, owner.gid);
}

/**
 * The copy is made beside its final name, so that nobody sees half of it.
 *
 * @returns false when the copy was there already
 */
async function copyWhenChanged(host: Host, from: string, to: string): Promise<boolean> {
  const [source, existing] = [await host.files.stat(from), await host.files.stat(to)];
  if (source === undefined) return false;
  const mtimeSeconds = Math.floor(source.mtimeMs / 1000);
  if (existing?.sizeBytes === source.sizeBytes && Math.floor(existing.mtimeMs / 1000) === mtimeSeconds) return false;
  const unfinished = host.files.temporaryName(path.dirname(to), `.${path.basename(to)}`);
  try {
    await host.files.copy(from, unfinished);
    await host.files.setTimes(unfinished, mtimeSeconds);
    await host.files.rename(unfinished, to);
    return true;
  } finally {
    await host.files.remove(unfinished);
  }
}

function sudoCaller({ environment }: Host): { readonly uid: number; readonly gid: number } | undefined {
  const { SUDO_UID: uid, SUDO_GID: gid } = environment.variables;
  if (environment.uid !== 0 || uid === undefined || gid === undefined) return undefined;
  return { uid: Number(uid), gid: Number(gid) };
}

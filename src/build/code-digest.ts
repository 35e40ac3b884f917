import path from "node:path";
import { createSha256, type Sha256Hex } from "../core/index.ts";
import type { HostFiles } from "../host/index.ts";

/** The directory of this program's sources. */
const SOURCES = path.join(import.meta.dirname, "..");

/**
 * The digest of this program's own code: results of an older version are not taken for those of a newer one. Tests are
 * left out.
 */
export async function codeDigest(files: HostFiles): Promise<Sha256Hex> {
  const digest = createSha256();
  for (const file of await listSources(files, SOURCES)) {
    digest.update(`${path.relative(SOURCES, file)}\0`);
    digest.update(await files.readBytes(file));
  }
  return digest.digest();
}

async function listSources(files: HostFiles, directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await files.list(directory)) {
    const entry = path.join(directory, name);
    const stat = await files.stat(entry);
    if (stat?.kind === "directory") found.push(...(await listSources(files, entry)));
    else if (!name.endsWith(".test.ts")) found.push(entry);
  }
  return found;
}

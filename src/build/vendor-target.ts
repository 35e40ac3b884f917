import path from "node:path";
import type { Settings } from "../config/index.ts";
import { ComposerError } from "../core/index.ts";
import type { Host, HostFiles } from "../host/index.ts";
import { readVendorDirectory, VENDOR_DIGESTS, VENDOR_MANIFEST, type VendorDirectory } from "../ospackage/index.ts";

/** Where a vendor directory is going to be. */
export interface VendorTarget {
  /** Absolute, symbolic links followed. */
  readonly directory: string;
  /** Where the new one grows; beside the directory, so that it appears by a rename. */
  readonly unfinished: string;
  /** Where the one before is, between the two renames of an update. */
  readonly replaced: string;
}

/**
 * The place of a vendor directory.
 *
 * @throws {VENDOR_INVALID} it is where `cache clean` removes it
 */
export async function vendorTarget(
  { files }: Pick<Host, "files">,
  directory: string,
  settings: Pick<Settings, "cacheDir" | "workDir">,
): Promise<VendorTarget> {
  const stat = await files.stat(directory);
  const named = stat?.kind === "symlink" ? await files.realPath(directory) : directory;
  const real = path.join(await realDirectory(files, path.dirname(named)), path.basename(named));
  for (const [room, option] of [
    [settings.cacheDir, "--cache-dir"],
    [settings.workDir, "--work-dir"],
  ] as const) {
    const realRoom = await realDirectory(files, room);
    if (!`${real}${path.sep}`.startsWith(`${realRoom}${path.sep}`)) continue;
    throw refused(directory, `it is inside "${room}" (${option}), which "cache clean" removes`);
  }
  const beside = (ending: string): string => path.join(path.dirname(real), `.${path.basename(real)}.${ending}`);
  return { directory: real, unfinished: beside("unfinished"), replaced: beside("replaced") };
}

/** Follows the links of the part that is there. */
async function realDirectory(files: HostFiles, directory: string): Promise<string> {
  if (await files.exists(directory)) return files.realPath(directory);
  const parent = path.dirname(directory);
  return parent === directory ? directory : path.join(await realDirectory(files, parent), path.basename(directory));
}

/**
 * What is at the place of a vendor directory now; nobody else may be writing there.
 *
 * @returns undefined when nothing is
 * @throws {VENDOR_INVALID} something else is there, or files that `vendor` did not write
 */
export async function readVendorTarget(
  { files }: Pick<Host, "files">,
  { directory, unfinished, replaced }: VendorTarget,
): Promise<VendorDirectory | undefined> {
  await files.remove(unfinished);
  if (await files.exists(replaced)) {
    // An update was killed between its two renames, or before it could tidy up.
    if (await files.exists(directory)) await files.remove(replaced);
    else await files.rename(replaced, directory);
  }
  const stat = await files.stat(directory);
  if (stat === undefined) return undefined;
  if (stat.kind !== "directory") throw refused(directory, "it is no directory");
  const names = await files.list(directory);
  if (names.length === 0) return undefined;
  if (!names.includes(VENDOR_MANIFEST) || !names.includes(VENDOR_DIGESTS)) {
    throw refused(directory, "it is not empty, and no vendor directory");
  }
  const vendor = await readVendorDirectory(files, directory);
  const foreign = (await filesBelow(files, directory)).filter(
    (name) => name !== VENDOR_DIGESTS && !vendor.digests.has(name),
  );
  if (foreign.length === 0) return vendor;
  throw refused(directory, `it has files that "vendor" did not write`, foreign.slice(0, SHOWN_FILES));
}

const SHOWN_FILES = 10;

async function filesBelow(files: HostFiles, directory: string, prefix = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await files.list(path.join(directory, prefix))) {
    const below = prefix === "" ? name : `${prefix}/${name}`;
    const stat = await files.stat(path.join(directory, below));
    if (stat?.kind === "directory") found.push(...(await filesBelow(files, directory, below)));
    else found.push(below);
  }
  return found;
}

function refused(directory: string, state: string, details: readonly string[] = []): ComposerError {
  return new ComposerError("VENDOR_INVALID", `Cannot make a vendor directory at "${directory}": ${state}`, {
    hint: "Name a directory that does not exist, is empty, or was made by vendor before",
    details,
  });
}

import path from "node:path";
import { ComposerError, formatSize, type Sha256Hex } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";

/** A directory that holds package files, and says which. */
export interface VendorDirectory {
  /** Absolute. */
  readonly directory: string;
  /** All of its files but the list of digests itself: absolute paths by digest. */
  readonly files: ReadonlyMap<Sha256Hex, string>;
  /** The same by path below the directory. */
  readonly digests: ReadonlyMap<string, Sha256Hex>;
}

/** What a vendor directory is known by. */
export const VENDOR_MANIFEST = "vendor.json";
/** The digests of all other files in it, as sha256sum writes and checks them. */
export const VENDOR_DIGESTS = "SHA256SUMS";

const MAX_DIGESTS_BYTES = 64 * 1024 ** 2;

/**
 * Reads what a vendor directory says that it holds; nothing of it is believed before its digest was checked.
 *
 * @param shown what messages call it
 * @throws {VENDOR_INVALID} it is no vendor directory
 */
export async function readVendorDirectory(
  files: Pick<HostFiles, "stat" | "readText">,
  directory: string,
  shown = directory,
): Promise<VendorDirectory> {
  const refuse = (state: string): ComposerError =>
    new ComposerError("VENDOR_INVALID", `Cannot use the vendor directory "${shown}": ${state}`, {
      hint: 'Name a directory that "os-image-composer vendor TEMPLATE DIR" made',
    });
  const stat = await files.stat(directory);
  if (stat === undefined) throw refuse("it does not exist");
  const isThere = async (name: string): Promise<boolean> =>
    (await files.stat(path.join(directory, name)))?.kind === "file";
  if (!(await isThere(VENDOR_MANIFEST)) || !(await isThere(VENDOR_DIGESTS))) {
    throw refuse(`it has no ${VENDOR_MANIFEST} and ${VENDOR_DIGESTS}`);
  }
  const list = path.join(directory, VENDOR_DIGESTS);
  const sizeBytes = (await files.stat(list))?.sizeBytes ?? 0;
  if (sizeBytes > MAX_DIGESTS_BYTES) throw refuse(`${VENDOR_DIGESTS} has ${formatSize(sizeBytes)}`);
  const digests = parseDigests(await files.readText(list));
  if (typeof digests === "number") throw refuse(`line ${digests} of ${VENDOR_DIGESTS} is no digest with a path`);
  const byDigest = [...digests].map(([name, digest]) => [digest, path.join(directory, name)] as const);
  return { directory, digests, files: new Map(byDigest) };
}

/** The text of a list of digests, in the order given. @see sha256sum(1) */
export function formatDigests(digests: Iterable<readonly [name: string, digest: Sha256Hex]>): string {
  return Array.from(digests, ([name, digest]) => `${digest}  ${name}\n`).join("");
}

/** @returns digests by path, or the number of the first line that is wrong */
export function parseDigests(text: string): ReadonlyMap<string, Sha256Hex> | number {
  const digests = new Map<string, Sha256Hex>();
  const lines = text.split("\n");
  if (lines.pop() !== "") return lines.length + 1;
  for (const [index, line] of lines.entries()) {
    const [, digest, name] = /^([0-9a-f]{64}) [ *](\S.*)$/.exec(line) ?? [];
    if (digest === undefined || name === undefined || !isBelow(name) || digests.has(name)) return index + 1;
    digests.set(name, digest as Sha256Hex);
  }
  return digests;
}

/** Paths that lead out of the directory are none of its files. */
function isBelow(name: string): boolean {
  return !path.posix.isAbsolute(name) && !name.split("/").some((part) => part === "" || part === "." || part === "..");
}

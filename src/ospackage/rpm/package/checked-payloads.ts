import path from "node:path";
import { parseSha256, type Sha256Hex } from "../../../core/index.ts";
import type { Host } from "../../../host/index.ts";

type PayloadHost = Pick<Host, "files">;

/** To be raised whenever the check of payloads changes: all are then checked again. */
const VERSION = 1;
const MOST_DIGESTS = 20_000;

/**
 * The packages whose payloads `checkRpmPayload` found right in earlier builds, by the digest of the whole file: it finds
 * the same in the same bytes, and that they are the same is checked in every build.
 */
export async function readCheckedPayloads({ files }: PayloadHost, directory: string): Promise<ReadonlySet<Sha256Hex>> {
  const file = fileIn(directory);
  if (!(await files.exists(file))) return new Set();
  const lines = (await files.readText(file)).split("\n");
  return new Set(lines.map(parseSha256).filter((digest) => digest !== undefined));
}

/** Remembers payloads that were found right; the oldest are forgotten. */
export async function keepCheckedPayloads(
  { files }: PayloadHost,
  directory: string,
  before: ReadonlySet<Sha256Hex>,
  checked: Iterable<Sha256Hex>,
): Promise<void> {
  const all = new Set([...checked, ...before]);
  if (all.size === before.size) return;
  await files.makeDirectory(directory);
  await files.writeAtomic(fileIn(directory), [...all].slice(0, MOST_DIGESTS).join("\n"));
}

function fileIn(directory: string): string {
  return path.join(directory, `checked-payloads-${VERSION}`);
}

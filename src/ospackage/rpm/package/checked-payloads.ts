import path from "node:path";
import { parseSha256, type Sha256Hex } from "../../../core/index.ts";
import type { Host } from "../../../host/index.ts";

type PayloadHost = Pick<Host, "files">;

const MOST_DIGESTS = 20_000;

/**
 * The packages whose payloads `checkRpmPayload` found right in earlier builds, by the digest of the whole file: it finds
 * the same in the same bytes, and that they are the same is checked in every build.
 *
 * @param file one line with the digest of the program that checked them, then one for each package
 * @param codeDigest of this program: what another version found does not count
 */
export async function readCheckedPayloads(
  { files }: PayloadHost,
  file: string,
  codeDigest: string,
): Promise<ReadonlySet<Sha256Hex>> {
  if (!(await files.exists(file))) return new Set();
  const [checkedBy, ...lines] = (await files.readText(file)).split("\n");
  if (checkedBy !== codeDigest) return new Set();
  return new Set(lines.map(parseSha256).filter((digest) => digest !== undefined));
}

/** Remembers payloads that were found right; the oldest are forgotten. */
export async function keepCheckedPayloads(
  { files }: PayloadHost,
  file: string,
  codeDigest: string,
  before: ReadonlySet<Sha256Hex> | undefined,
  checked: Iterable<Sha256Hex>,
): Promise<void> {
  const all = new Set([...checked, ...(before ?? [])]);
  if (all.size === before?.size) return;
  await files.makeDirectory(path.dirname(file));
  await files.writeAtomic(file, [codeDigest, ...[...all].slice(0, MOST_DIGESTS)].join("\n"));
}

import { algorithmOf, createDigest, type FileDigest, isSha256 } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";

/** Tells whether a file has a digest. */
export async function hasDigest(
  files: Pick<HostFiles, "sha256" | "readStream">,
  file: string,
  digest: FileDigest,
): Promise<boolean> {
  if (isSha256(digest)) return (await files.sha256(file)) === digest;
  const hash = createDigest(algorithmOf(digest));
  for await (const piece of files.readStream(file)) hash.update(piece);
  return hash.digest() === digest;
}

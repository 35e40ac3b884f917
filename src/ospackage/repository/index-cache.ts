import path from "node:path";
import { type Sha256Hex, keyOf, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";

/** To be raised whenever the compact form or what goes into it changes. */
const FORMAT = 3;
const DIGEST_BYTES = 32;

/** The file name of a compact index: it depends on the digests of the metadata that it is made from. */
export function indexFileName(architecture: string, digests: readonly string[]): string {
  const key = keyOf({ format: FORMAT, architecture, packages: digests });
  return `${prefixOf(architecture)}${key.slice(0, 32)}.index`;
}

/** A compact index that was kept; undefined when there is none or it is damaged. */
export async function readKeptIndex(
  { files }: Pick<Host, "files">,
  directory: string,
  fileName: string,
): Promise<Uint8Array | undefined> {
  const file = path.join(directory, fileName);
  if (!(await files.exists(file))) return undefined;
  const bytes = await files.readBytes(file);
  const content = bytes.subarray(DIGEST_BYTES);
  const digest = Buffer.from(bytes.subarray(0, DIGEST_BYTES)).toString("hex");
  return digest === (sha256(content) as string) ? content : undefined;
}

/** Keeps a compact index with its own digest in front, and removes the older ones for the same architecture. */
export async function keepIndex(
  { files }: Pick<Host, "files">,
  directory: string,
  fileName: string,
  content: Uint8Array,
): Promise<void> {
  await files.makeDirectory(directory);
  const digest: Sha256Hex = sha256(content);
  await files.writeAtomic(path.join(directory, fileName), inOrder(Buffer.from(digest, "hex"), content));
  const architecture = /^packages-(.*)-[0-9a-f]+\.index$/.exec(fileName)?.[1] ?? "";
  for (const name of await files.list(directory)) {
    const isOlder = name !== fileName && name.startsWith(prefixOf(architecture)) && name.endsWith(".index");
    if (isOlder) await files.remove(path.join(directory, name));
  }
}

/** Without a copy of both in memory. */
async function* inOrder(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

function prefixOf(architecture: string): string {
  return `packages-${architecture}-`;
}

import path from "node:path";
import { ComposerError, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { DownloadOptions } from "./download.ts";
import { fetchBytes } from "./fetch.ts";

const MAX_KEY_BYTES = 4 * 1024 * 1024;

export interface FetchKeyFileOptions extends Pick<DownloadOptions, "emit" | "signal"> {
  /** Keys are kept in a directory below it. */
  readonly cacheDir: string;
  readonly offline: boolean;
}

/**
 * A local copy of a key file that a template names by its address.
 *
 * A key that is in the cache is not asked for again: whoever takes over the server later can't exchange it unnoticed.
 * @throws {REPOSITORY_OFFLINE} it was never fetched
 * @throws as {@link fetchBytes}
 */
export async function fetchKeyFile(
  host: Pick<Host, "files" | "http" | "clock">,
  url: string,
  { cacheDir, offline, ...options }: FetchKeyFileOptions,
): Promise<string> {
  const directory = path.join(cacheDir, "gpg-keys");
  const file = path.join(directory, `${sha256(url)}.gpg`);
  if (await host.files.exists(file)) return file;
  if (offline) {
    throw new ComposerError("REPOSITORY_OFFLINE", `Cannot read the key "${url}": it is not in the cache`, {
      hint: "Build once without --offline, or name a key file",
    });
  }
  const fetched = await fetchBytes(host, url, { ...options, maxBytes: MAX_KEY_BYTES, object: `key ${url}` });
  if (fetched.kind === "complete") {
    await host.files.makeDirectory(directory);
    await host.files.writeAtomic(file, fetched.bytes);
  }
  return file;
}

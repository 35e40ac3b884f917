import { createHash } from "node:crypto";
import { ComposerError, type EventSink, formatSize, redactUrl } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { compressionOfName, decompress } from "../compression/index.ts";
import type { Checksum, RepomdFile } from "../rpm/index.ts";
import { fromAnyMirror, type MirrorAttempts } from "./any-mirror.ts";
import { digestMismatch, fetchBytes } from "./fetch.ts";
import { asDirectory } from "./fetch-repomd.ts";
import type { RpmRepositorySource } from "./repository.ts";

const MAX_FILE_BYTES = 1024 ** 3;
const MAX_PLAIN_BYTES = 4 * 1024 ** 3;

export interface FetchRepomdFileOptions {
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

/** A file that repomd.xml names, as it was fetched; its size and digest were checked. */
export interface FetchedRepomdFile {
  readonly file: RepomdFile;
  readonly content: Uint8Array;
}

/**
 * Fetches a file that repomd.xml names.
 *
 * @throws {REPOSITORY_DIGEST_MISMATCH} size or digest differ from what repomd.xml says
 * @throws as `download`
 */
export async function fetchRepomdFile(
  host: Pick<Host, "files" | "http" | "clock">,
  source: RpmRepositorySource,
  file: RepomdFile,
  options: FetchRepomdFileOptions,
): Promise<FetchedRepomdFile> {
  const bases = file.baseUrl === undefined ? source.urls : [file.baseUrl];
  const content = await fromAnyMirror(
    host,
    bases,
    ({ url }, attempts) => fetchFrom(host, asDirectory(url) + file.path, file, { ...options, ...attempts }),
    { ...options, object: `"${redactUrl(file.path)}" of the repository "${source.id}"` },
  );
  return { file, content };
}

/**
 * The plain text of a fetched file, piece by piece; ends with an error when it is not what repomd.xml says.
 *
 * @throws {REPOSITORY_DIGEST_MISMATCH} @throws {REPOSITORY_METADATA_INVALID} it cannot be decompressed
 */
export async function* plainPieces(
  host: Pick<Host, "processes">,
  { file, content }: FetchedRepomdFile,
  options: FetchRepomdFileOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const object = `"${redactUrl(file.path)}"`;
  const limit = file.openSizeBytes ?? MAX_PLAIN_BYTES;
  const hash = createHash(file.openChecksum?.algorithm ?? "sha256");
  const decompressing = { ...options, object, damaged: "REPOSITORY_METADATA_INVALID" as const };
  let sizeBytes = 0;
  for await (const piece of decompress(host, compressionOfName(file.path), once(content), decompressing)) {
    sizeBytes += piece.length;
    if (sizeBytes > limit) {
      const state = `it decompresses to more than ${formatSize(limit)}`;
      throw new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot use ${object}: ${state}`);
    }
    if (file.openChecksum !== undefined) hash.update(piece);
    yield piece;
  }
  const isWhole = file.openSizeBytes === undefined || sizeBytes === file.openSizeBytes;
  if (isWhole && (file.openChecksum === undefined || hash.digest("hex") === file.openChecksum.hex)) return;
  throw digestMismatch(`the decompressed content of ${object}`, file.openChecksum?.algorithm);
}

async function fetchFrom(
  host: Pick<Host, "files" | "http" | "clock">,
  url: string,
  { sizeBytes, checksum }: RepomdFile,
  options: FetchRepomdFileOptions & MirrorAttempts,
): Promise<Uint8Array> {
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  const fetched = await fetchBytes(host, url, { ...options, ...size, maxBytes: sizeBytes ?? MAX_FILE_BYTES });
  if (fetched.kind === "complete" && fits(fetched.bytes, checksum)) return fetched.bytes;
  throw digestMismatch(`"${redactUrl(url)}"`, checksum.algorithm);
}

function fits(bytes: Uint8Array, { algorithm, hex }: Checksum): boolean {
  return createHash(algorithm).update(bytes).digest("hex") === hex;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

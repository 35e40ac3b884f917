import { createHash } from "node:crypto";
import path from "node:path";
import { ComposerError, type EventSink, formatSize, redactUrl } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { compressionOfName, decompress } from "../compression/index.ts";
import type { RepomdFile } from "../rpm/index.ts";
import { repositoryTooLarge } from "../repository-too-large.ts";
import { fromAnyMirror } from "./any-mirror.ts";
import { digestMismatch, fetchNewFile } from "./fetch.ts";
import { asDirectory } from "./fetch-repomd.ts";
import type { RpmRepositorySource } from "./repository.ts";

/** The most that is read of a file, as it is fetched and decompressed: what repomd.xml says lowers it, and never raises it. */
export interface RepomdFileLimits {
  readonly maxBytes: number;
  readonly maxPlainBytes: number;
}

/** Fedora's, which are among the largest, have 30 and 200 MiB. */
export const PRIMARY_LIMITS: RepomdFileLimits = { maxBytes: 128 * 1024 ** 2, maxPlainBytes: 512 * 1024 ** 2 };
/** They pass by and are not kept in memory; the largest have 150 MiB and 2 GiB. */
export const FILE_LISTS_LIMITS: RepomdFileLimits = { maxBytes: 512 * 1024 ** 2, maxPlainBytes: 4 * 1024 ** 3 };

export interface FetchRepomdFileOptions {
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

/** A file that repomd.xml names, as it was fetched; its size and digest were checked. */
export interface FetchedRepomdFile extends AsyncDisposable {
  /** On this machine, until it is disposed of. */
  readonly place: string;
}

/**
 * Fetches a file that repomd.xml names onto the disk.
 *
 * @param directory where it is until it is disposed of; made when it is not there
 * @throws {REPOSITORY_TOO_LARGE} it is said to have more than `limits`
 * @throws {REPOSITORY_DIGEST_MISMATCH} size or digest differ from what repomd.xml says
 * @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE}
 * @throws as `download`
 */
export async function fetchRepomdFile(
  host: Pick<Host, "files" | "http" | "clock">,
  source: RpmRepositorySource,
  file: RepomdFile,
  limits: RepomdFileLimits,
  directory: string,
  options: FetchRepomdFileOptions,
): Promise<FetchedRepomdFile> {
  const { sizeBytes, checksum } = file;
  requireWithin(file, limits);
  await host.files.makeDirectory(directory);
  const place = host.files.temporaryName(directory, `.${path.basename(file.path)}`);
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  const fetching = { ...options, ...size, maxBytes: sizeBytes ?? limits.maxBytes, digest: checksum.hex };
  const bases = file.baseUrl === undefined ? source.urls : [file.baseUrl];
  await fromAnyMirror(
    host,
    bases,
    ({ url }, attempts) => fetchNewFile(host, asDirectory(url) + file.path, place, { ...fetching, ...attempts }),
    { ...options, object: `"${redactUrl(file.path)}" of the repository "${source.id}"` },
  );
  return { place, [Symbol.asyncDispose]: () => host.files.remove(place) };
}

/**
 * The plain text of a file that repomd.xml names, piece by piece; ends with an error when it is not what is said there.
 *
 * @param content as it was fetched
 * @throws {REPOSITORY_TOO_LARGE} it has more than `limits`
 * @throws {REPOSITORY_DIGEST_MISMATCH} @throws {REPOSITORY_METADATA_INVALID} it cannot be decompressed
 */
export async function* plainPieces(
  host: Pick<Host, "processes">,
  file: RepomdFile,
  content: AsyncIterable<Uint8Array>,
  limits: RepomdFileLimits,
  options: FetchRepomdFileOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  requireWithin(file, limits);
  const object = `"${redactUrl(file.path)}"`;
  const { openSizeBytes, openChecksum } = file;
  const hash = createHash(openChecksum?.algorithm ?? "sha256");
  const decompressing = { ...options, object, damaged: "REPOSITORY_METADATA_INVALID" as const };
  let sizeBytes = 0;
  for await (const piece of decompress(host, compressionOfName(file.path), content, decompressing)) {
    sizeBytes += piece.length;
    if (openSizeBytes !== undefined && sizeBytes > openSizeBytes) {
      const state = `it decompresses to more than ${formatSize(openSizeBytes)}, which repomd.xml says`;
      throw new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot use ${object}: ${state}`);
    }
    if (sizeBytes > limits.maxPlainBytes) {
      throw repositoryTooLarge(object, `it decompresses to more than ${formatSize(limits.maxPlainBytes)}`);
    }
    if (openChecksum !== undefined) hash.update(piece);
    yield piece;
  }
  const isWhole = openSizeBytes === undefined || sizeBytes === openSizeBytes;
  if (isWhole && (openChecksum === undefined || hash.digest("hex") === openChecksum.hex)) return;
  throw digestMismatch(`the decompressed content of ${object}`, openChecksum?.algorithm);
}

function requireWithin({ path: name, sizeBytes = 0, openSizeBytes = 0 }: RepomdFile, limits: RepomdFileLimits): void {
  const refuse = (what: string, announced: number, limit: number): ComposerError => {
    const state = `repomd.xml says that it has ${formatSize(announced)}${what}, and no more than ${formatSize(limit)} are read`;
    return repositoryTooLarge(`"${redactUrl(name)}"`, state);
  };
  if (sizeBytes > limits.maxBytes) throw refuse("", sizeBytes, limits.maxBytes);
  if (openSizeBytes > limits.maxPlainBytes) throw refuse(" decompressed", openSizeBytes, limits.maxPlainBytes);
}

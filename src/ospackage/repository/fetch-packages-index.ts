import {
  ComposerError,
  createSha256,
  type EventSink,
  formatSize,
  isComposerError,
  redactUrl,
} from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { compressionOfName, decompress, type DecompressOptions } from "../compression/index.ts";
import { repositoryTooLarge } from "../repository-too-large.ts";
import { digestMismatch, fetchNewFile } from "./fetch.ts";
import { releaseDirectoryUrl } from "./fetch-metadata.ts";
import type { Release, ReleaseFile } from "./release.ts";
import type { DebRepositorySource } from "./repository.ts";

/** A Packages file that a Release offers. */
export interface OfferedIndex {
  /** Path below the Release file, without the ending of a compression: `main/binary-amd64/Packages`. */
  readonly path: string;
  /** The file to fetch: its path and what the Release says of it. */
  readonly file: ReleaseFile & { readonly path: string };
  /** What the Release says of the decompressed file, where it lists it. */
  readonly plain: ReleaseFile | undefined;
}

const ENDINGS = [".xz", ".zst", ".gz", ""] as const;
/** As it is offered and decompressed. Debian's, which is among the largest, has 10 and 60 MiB. */
const MAX_FILE_BYTES = 128 * 1024 ** 2;
const MAX_PLAIN_BYTES = 512 * 1024 ** 2;

/**
 * The Packages files of a repository's components for one architecture, in the order of the components.
 *
 * @throws {REPOSITORY_METADATA_INVALID} the Release lists none for a component
 */
export function offeredIndexes(
  release: Release,
  { suite, components }: DebRepositorySource,
  architecture: string,
  object: string,
): readonly OfferedIndex[] {
  if (suite.endsWith("/")) {
    const flat = offered(release, "Packages");
    if (flat === undefined) throw invalid(object, "it lists no Packages file");
    return [flat];
  }
  return components.flatMap((component) => {
    const own = offered(release, `${component}/binary-${architecture}/Packages`);
    const all = release.separateAll ? offered(release, `${component}/binary-all/Packages`) : undefined;
    if (own !== undefined || all !== undefined) return [own, all].filter((index) => index !== undefined);
    throw invalid(
      object,
      `it lists no Packages file of the component "${component}" for ${architecture} (components: ${release.components.join(", ")})`,
    );
  });
}

function offered(release: Release, path: string): OfferedIndex | undefined {
  const plain = release.files.get(path);
  for (const ending of ENDINGS) {
    const file = release.files.get(path + ending);
    if (file !== undefined) return { path, file: { ...file, path: path + ending }, plain };
  }
  return undefined;
}

export interface FetchIndexOptions {
  /** Files are also offered under names that are their digests. */
  readonly byHash: boolean;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Fetches Packages files onto the disk and gives their plain text, one after the other, verified before and after
 * decompressing; nothing of them stays.
 *
 * @param directory where they are meanwhile; made when it is not there
 * @throws {REPOSITORY_TOO_LARGE} one has more than is read of any
 * @throws {REPOSITORY_DIGEST_MISMATCH} size or SHA-256 differ from what the Release says; of the plain text only at its end
 * @throws {REPOSITORY_METADATA_INVALID} one cannot be decompressed
 * @throws as `download`
 */
export async function* fetchPackagesText(
  host: Pick<Host, "files" | "http" | "clock" | "processes">,
  source: DebRepositorySource,
  offered: readonly OfferedIndex[],
  directory: string,
  options: FetchIndexOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  // All are asked for before the first is read; whoever fails, none is left behind.
  const fetches = await Promise.allSettled(
    offered.map(async (index) =>
      index.plain?.sizeBytes === 0 ? undefined : fetchOfferedIndex(host, source, index, directory, options),
    ),
  );
  const places = fetches.map((fetched) => (fetched.status === "fulfilled" ? fetched.value : undefined));
  try {
    for (const fetched of fetches) if (fetched.status === "rejected") throw fetched.reason;
    const contents = places.map((place) => (place === undefined ? undefined : host.files.readStream(place)));
    yield* plainPackagesTexts(host, offered, contents, (index) => objectOf(source, index), options);
  } finally {
    for (const place of places) if (place !== undefined) await host.files.remove(place);
  }
}

/** How large the plain text of all of them is, as far as that is known. */
export function plainSizeOf(offered: readonly OfferedIndex[]): number {
  return offered.reduce((sum, { plain }) => sum + (plain?.sizeBytes ?? EXPECTED_PLAIN_BYTES) + STANZA_END.length, 0);
}

const EXPECTED_PLAIN_BYTES = 64 * 1024 ** 2;

/**
 * The plain texts of Packages files whose own digests were checked, one after the other.
 *
 * @param contents of each as it is offered; undefined for an empty one
 * @param objectOf what messages call one
 * @throws {REPOSITORY_TOO_LARGE} @throws {REPOSITORY_DIGEST_MISMATCH} @throws {REPOSITORY_METADATA_INVALID}
 */
export async function* plainPackagesTexts(
  host: Pick<Host, "processes">,
  offered: readonly OfferedIndex[],
  contents: readonly (AsyncIterable<Uint8Array> | undefined)[],
  objectOf: (index: OfferedIndex) => string,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const [number, index] of offered.entries()) {
    const content = contents[number];
    if (content === undefined) continue;
    yield* plainPackagesText(host, index, content, { ...options, object: objectOf(index) });
    yield STANZA_END;
  }
}

/** Keeps the last stanza of one file apart from the first of the next. */
const STANZA_END = Buffer.from("\n\n");

/**
 * Fetches a Packages file as the repository offers it, verified, into a new file that the caller removes.
 *
 * @param directory where that will be; made when it is not there
 * @returns its path
 * @throws {REPOSITORY_TOO_LARGE} the Release says that it has more than is read of any
 * @throws {REPOSITORY_DIGEST_MISMATCH} @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE} @throws as `download`
 */
export async function fetchOfferedIndex(
  host: Pick<Host, "files" | "http" | "clock">,
  source: DebRepositorySource,
  index: OfferedIndex,
  directory: string,
  options: FetchIndexOptions,
): Promise<string> {
  const object = objectOf(source, index);
  requireWithin(index, object);
  await host.files.makeDirectory(directory);
  const place = host.files.temporaryName(directory, ".Packages");
  await fetchOffered(host, releaseDirectoryUrl(source), index.file, place, { ...options, object });
  return place;
}

/** What a Release says of sizes only ever lowers the limits. */
function requireWithin({ file, plain }: OfferedIndex, object: string): void {
  const refuse = (what: string, announced: number, limit: number): ComposerError => {
    const state = `its Release says that it has ${formatSize(announced)}${what}, and no more than ${formatSize(limit)} are read`;
    return repositoryTooLarge(object, state);
  };
  if (file.sizeBytes > MAX_FILE_BYTES) throw refuse("", file.sizeBytes, MAX_FILE_BYTES);
  const plainBytes = plain?.sizeBytes ?? 0;
  if (plainBytes > MAX_PLAIN_BYTES) throw refuse(" decompressed", plainBytes, MAX_PLAIN_BYTES);
}

async function* plainPackagesText(
  host: Pick<Host, "processes">,
  index: OfferedIndex,
  content: AsyncIterable<Uint8Array>,
  options: DecompressOptions & { readonly object: string },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { object } = options;
  const { file, plain } = index;
  requireWithin(index, object);
  const format = compressionOfName(file.path);
  if (format === "none") {
    yield* content;
    return;
  }
  // Meanwhile another process is decompressing.
  const digest = createSha256();
  let sizeBytes = 0;
  const damaged = "REPOSITORY_METADATA_INVALID";
  for await (const piece of decompress(host, format, content, { ...options, damaged })) {
    sizeBytes += piece.length;
    if (plain !== undefined && sizeBytes > plain.sizeBytes) {
      throw invalid(object, `it decompresses to more than the ${plain.sizeBytes} bytes that its Release says`);
    }
    if (sizeBytes > MAX_PLAIN_BYTES) {
      throw repositoryTooLarge(object, `it decompresses to more than ${formatSize(MAX_PLAIN_BYTES)}`);
    }
    if (plain !== undefined) digest.update(piece);
    yield piece;
  }
  if (plain !== undefined && (sizeBytes !== plain.sizeBytes || digest.digest() !== plain.sha256)) {
    throw digestMismatch(`the decompressed content of ${object}`);
  }
}

function objectOf(source: DebRepositorySource, { file }: OfferedIndex): string {
  return `"${redactUrl(releaseDirectoryUrl(source) + file.path)}"`;
}

/** By its digest where the repository offers that, so that an update in between does no harm; else by its name. */
async function fetchOffered(
  host: Pick<Host, "files" | "http" | "clock">,
  directoryUrl: string,
  file: OfferedIndex["file"],
  place: string,
  options: FetchIndexOptions & { readonly object: string },
): Promise<void> {
  const { sizeBytes, sha256: digest } = file;
  const fetching = { ...options, sizeBytes, maxBytes: sizeBytes, digest };
  const get = (path: string): Promise<void> => fetchNewFile(host, directoryUrl + path, place, fetching);
  if (!options.byHash) return get(file.path);
  const parent = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  try {
    return await get(`${parent}by-hash/SHA256/${file.sha256}`);
  } catch (error) {
    if (isComposerError(error, "REPOSITORY_NOT_FOUND")) return get(file.path);
    throw error;
  }
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot use ${object}: ${state}`);
}

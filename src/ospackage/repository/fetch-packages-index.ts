import { ComposerError, type EventSink, formatSize, isComposerError, redactUrl, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { compressionOfName, decompress } from "../compression/index.ts";
import { digestMismatch, fetchBytes } from "./fetch.ts";
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
const MAX_PLAIN_BYTES = 1024 ** 3;

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

/**
 * Fetches a Packages file and gives its plain text, verified before and after decompressing.
 *
 * @throws {REPOSITORY_DIGEST_MISMATCH} size or SHA-256 differ from what the Release says
 * @throws {REPOSITORY_METADATA_INVALID} it cannot be decompressed
 * @throws as `download`
 */
export async function fetchPackagesIndex(
  host: Pick<Host, "files" | "http" | "clock" | "processes">,
  source: DebRepositorySource,
  { file, plain }: OfferedIndex,
  options: { readonly byHash: boolean; readonly emit?: EventSink; readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  if (plain?.sizeBytes === 0) return new Uint8Array();
  const directory = releaseDirectoryUrl(source);
  const object = `"${redactUrl(directory + file.path)}"`;
  const compressed = await fetchOffered(host, directory, file, { ...options, object });
  if (sha256(compressed) !== file.sha256) throw digestMismatch(object);
  const format = compressionOfName(file.path);
  if (format === "none") return compressed;

  const limit = plain?.sizeBytes ?? MAX_PLAIN_BYTES;
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  const decompressing = { ...options, object, damaged: "REPOSITORY_METADATA_INVALID" as const };
  for await (const piece of decompress(host, format, once(compressed), decompressing)) {
    sizeBytes += piece.length;
    if (sizeBytes > limit) throw invalid(object, `it decompresses to more than ${formatSize(limit)}`);
    pieces.push(piece);
  }
  const text = Buffer.concat(pieces);
  if (plain !== undefined && (text.length !== plain.sizeBytes || sha256(text) !== plain.sha256)) {
    throw digestMismatch(`the decompressed content of ${object}`);
  }
  return text;
}

/** By its digest where the repository offers that, so that an update in between does no harm; else by its name. */
async function fetchOffered(
  host: Pick<Host, "files" | "http" | "clock">,
  directory: string,
  file: OfferedIndex["file"],
  options: {
    readonly byHash: boolean;
    readonly object: string;
    readonly emit?: EventSink;
    readonly signal?: AbortSignal;
  },
): Promise<Uint8Array> {
  const get = async (path: string): Promise<Uint8Array> => {
    const { sizeBytes } = file;
    const fetched = await fetchBytes(host, directory + path, { ...options, sizeBytes, maxBytes: sizeBytes });
    return fetched.kind === "complete" ? fetched.bytes : new Uint8Array();
  };
  if (!options.byHash) return get(file.path);
  const parent = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  try {
    return await get(`${parent}by-hash/SHA256/${file.sha256}`);
  } catch (error) {
    if (isComposerError(error, "REPOSITORY_NOT_FOUND")) return get(file.path);
    throw error;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot use ${object}: ${state}`);
}

import { parseSha256, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { encodeDebIndexFrom, openDebIndex } from "../deb/index.ts";
import { encodeRpmIndexFrom, openRpmIndex, parseRepomd, type RepomdFile } from "../rpm/index.ts";
import { fetchMetadata, metadataObject, releaseDirectoryUrl } from "./fetch-metadata.ts";
import { fetchOfferedIndex, offeredIndexes, plainPackagesTexts, plainSizeOf } from "./fetch-packages-index.ts";
import { fetchRepomd, REPOMD_PATH, repomdObject } from "./fetch-repomd.ts";
import { fetchRepomdFile, plainPieces, PRIMARY_LIMITS } from "./fetch-repomd-file.ts";
import { metadataDirectory } from "./metadata-cache.ts";
import { parseRelease } from "./release.ts";
import type { DebRepositorySource, RpmRepositorySource } from "./repository.ts";
import {
  type ChainFormat,
  type ChainIndex,
  collectChain,
  type ParsedMetadata,
  type SignedChain,
  type SignedChainOptions,
} from "./signed-chain.ts";
import { type SignedMetadata, unverifiedText, verifySignature } from "./verify-signature.ts";

/**
 * Collects the signed metadata that a lock was made from, and the indexes that it names, in the way of the repository's
 * family.
 *
 * @returns undefined when no metadata that somebody vouches for was found
 * @throws {INTERRUPTED}
 */
export async function collectSignedChain(
  host: Host,
  source: DebRepositorySource | RpmRepositorySource,
  options: SignedChainOptions,
): Promise<SignedChain | undefined> {
  const format = source.kind === "deb" ? debFormat(host, source, options) : rpmFormat(host, source, options);
  return collectChain(host, format, options);
}

/** @see Debian wiki, "DebianRepository/Format" */
function debFormat(host: Host, source: DebRepositorySource, options: SignedChainOptions): ChainFormat {
  const places = options.offline ? [] : [source, ...options.archiveUrls.map((url) => ({ ...source, url }))];
  const directory = releaseDirectoryUrl({ ...source, url: "/" }).slice(1);
  return {
    object: metadataObject(source, "InRelease"),
    keys: source.gpgCheck ? source.keys : undefined,
    keptIn: metadataDirectory(options.cacheDir, source),
    fetch: places.map((place) => () => fetchMetadata(host, place, undefined, fetching(options))),
    parse: (text) => parseDeb(host, source, places, directory, text, options),
    paths: (kind) =>
      kind === "cleartext"
        ? [`${directory}InRelease`, `${directory}InRelease.gpg`]
        : [`${directory}Release`, `${directory}Release.gpg`],
  };
}

function parseDeb(
  host: Host,
  source: DebRepositorySource,
  places: readonly DebRepositorySource[],
  directory: string,
  text: string,
  options: SignedChainOptions,
): ParsedMetadata {
  const object = metadataObject(source, "InRelease");
  const { architecture, cacheDir } = options;
  const release = parseRelease(text, object);
  const offered = offeredIndexes(release, source, architecture, object);
  const byHash = { ...fetching(options), byHash: release.acquireByHash };
  return {
    dateSeconds: release.dateSeconds,
    indexes: offered.map((index): ChainIndex => ({
      path: directory + index.file.path,
      sha256: index.file.sha256,
      fetch: places.map(
        (place) => () =>
          bytesOf(host, fetchOfferedIndex(host, place, index, metadataDirectory(cacheDir, source), byHash)),
      ),
    })),
    open: async (contents) => {
      const texts = plainPackagesTexts(host, offered, contents.map(once), () => object, fetching(options));
      return openDebIndex(
        await encodeDebIndexFrom(host.threads, texts, plainSizeOf(offered), { architecture, origin: object }),
      );
    },
  };
}

/** @see createrepo_c(8) */
function rpmFormat(host: Host, source: RpmRepositorySource, options: SignedChainOptions): ChainFormat {
  const archived = options.archiveUrls.map((url): RpmRepositorySource => ({ ...source, urls: [url] }));
  const places = options.offline ? [] : [source, ...archived];
  const object = repomdObject(source);
  return {
    object,
    // Where it is not signed, every package is.
    keys: source.repoGpgCheck ? source.keys : undefined,
    keptIn: metadataDirectory(options.cacheDir, { url: source.urls[0], suite: "rpm" }),
    fetch: places.map(
      (place) => () => fetchRepomd(host, place, { ...fetching(options), judge: rpmJudge(host, source, options) }),
    ),
    parse: (text) => {
      const { timestampSeconds, files } = parseRepomd(text, object);
      const primary = files.get("primary");
      if (primary === undefined) throw new Error("parseRepomd lets no repository without primary metadata pass");
      const { algorithm, hex } = primary.checksum;
      return {
        dateSeconds: timestampSeconds,
        indexes: [
          {
            path: primary.path,
            sha256: algorithm === "sha256" ? parseSha256(hex) : undefined,
            fetch: places.map((place) => () => primaryBytes(host, place, primary, options)),
          },
        ],
        open: async ([content = new Uint8Array()]) => {
          const pieces = plainPieces(host, primary, once(content), PRIMARY_LIMITS, fetching(options));
          return openRpmIndex(await encodeRpmIndexFrom(host.threads, pieces, { origin: object }));
        },
      };
    },
    paths: () => [REPOMD_PATH, `${REPOMD_PATH}.asc`],
  };
}

async function primaryBytes(
  host: Host,
  source: RpmRepositorySource,
  primary: RepomdFile,
  options: SignedChainOptions,
): Promise<Uint8Array> {
  const directory = metadataDirectory(options.cacheDir, { url: source.urls[0], suite: "rpm" });
  await using fetched = await fetchRepomdFile(host, source, primary, PRIMARY_LIMITS, directory, fetching(options));
  return host.files.readBytes(fetched.place);
}

/** What was fetched into a new file, which is removed. */
async function bytesOf({ files }: Host, fetching: Promise<string>): Promise<Uint8Array> {
  const place = await fetching;
  try {
    return await files.readBytes(place);
  } finally {
    await files.remove(place);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Refuses what nobody vouches for, so that another mirror is asked; the lock vouches for what it names. */
function rpmJudge(
  host: Host,
  { keys, repoGpgCheck }: RpmRepositorySource,
  { metadataSha256 }: SignedChainOptions,
): (metadata: SignedMetadata, object: string) => Promise<void> {
  return async (metadata, object) => {
    if (sha256(metadata.content) === metadataSha256) return;
    const text = repoGpgCheck
      ? (await verifySignature(host, metadata, keys, object)).text
      : unverifiedText(metadata, object);
    parseRepomd(text, object);
  };
}

function fetching({ emit, signal }: SignedChainOptions) {
  return { emit, ...(signal === undefined ? {} : { signal }) };
}

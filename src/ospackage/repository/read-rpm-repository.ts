import { type FileDigest, redactUrl, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import {
  encodeRpmIndexFrom,
  type FileOwners,
  type LeftOutPackages,
  openRpmIndex,
  ownersFromFileLists,
  parseRepomd,
  type Repomd,
  type RepomdFile,
  type RpmIndex,
} from "../rpm/index.ts";
import { requireNotOlder } from "./check-release.ts";
import { throwIfAborted } from "./retries.ts";
import { fetchRepomd, repomdObject } from "./fetch-repomd.ts";
import { FILE_LISTS_LIMITS, fetchRepomdFile, plainPieces, PRIMARY_LIMITS } from "./fetch-repomd-file.ts";
import { indexFileName, keepIndex, readKeptIndex } from "./index-cache.ts";
import {
  keepMetadata,
  metadataDirectory,
  readKeptMetadata,
  readNewestDate,
  rememberNewestDate,
} from "./metadata-cache.ts";
import type { ReadRepositoryOptions } from "./read-deb-repository.ts";
import type { RepositoryIndex, RpmRepositorySource } from "./repository.ts";
import { warnAboutLeftOut, warnAboutNoFileLists } from "./repository-warnings.ts";
import { type SignedMetadata, unverifiedText, verifySignature } from "./verify-signature.ts";
import { notKept, warnAboutTrust } from "./repository-trust.ts";

/**
 * Fetches, verifies and opens the index of an rpm repository: repomd.xml with its signature, then the primary metadata
 * that it names.
 *
 * What was fetched before is used again when the server has nothing newer; its signature and digests are checked all the
 * same.
 *
 * @throws as `readDebRepository`
 * @see createrepo_c(8)
 */
export async function readRpmRepository(
  host: Host,
  source: RpmRepositorySource,
  options: ReadRepositoryOptions,
): Promise<RepositoryIndex<RpmIndex>> {
  const { offline, emit } = options;
  warnAboutTrust(source, source.urls[0], emit);
  const directory = metadataDirectory(options.cacheDir, { url: source.urls[0], suite: "rpm" });
  const kept = await readKeptMetadata(host, directory);
  if (offline && kept === undefined) throw notKept(source.id, source.urls[0]);
  const newestDateSeconds = await readNewestDate(host, directory);
  const judge = async (metadata: SignedMetadata, object: string) => {
    const { text, signedBy } = await textOf(host, source, metadata, object);
    const repomd = parseRepomd(text, object);
    const dateSeconds = repomd.timestampSeconds;
    if (dateSeconds !== undefined) requireNotOlder(dateSeconds, { object, newestDateSeconds, directory });
    return { repomd, signedBy, dateSeconds };
  };
  const fetching = { ...fetchingOf(options), ...(kept === undefined ? {} : { kept }), judge };
  const fetched = offline ? undefined : await fetchRepomd(host, source, fetching);
  const current = fetched ?? kept;
  if (current === undefined) throw notKept(source.id, source.urls[0]);

  const object = repomdObject(source);
  const { repomd, signedBy, dateSeconds } = fetched?.judged ?? (await judge(current.metadata, object));
  const index = await openPrimary(host, source, repomd, directory, options);
  if (fetched !== undefined) await keepMetadata(host, directory, fetched);
  if (signedBy !== undefined && dateSeconds !== undefined && dateSeconds !== newestDateSeconds) {
    await rememberNewestDate(host, directory, dateSeconds);
  }
  const trust = signedBy === undefined ? "metadata not signed" : `signed by ${signedBy}`;
  emit({ type: "debug", message: `${object}: ${index.packageCount} packages, ${trust}` });
  return {
    source,
    index,
    metadataSha256: sha256(current.metadata.content),
    ...(dateSeconds === undefined ? {} : { dateSeconds }),
    ...(signedBy === undefined ? {} : { signedBy }),
    verified: source.gpgCheck,
  };
}

function fetchingOf({ emit, signal }: ReadRepositoryOptions) {
  return { emit, ...(signal === undefined ? {} : { signal }) };
}

async function textOf(
  host: Host,
  { keys, repoGpgCheck }: RpmRepositorySource,
  metadata: SignedMetadata,
  object: string,
): Promise<{ readonly text: string; readonly signedBy?: string }> {
  if (!repoGpgCheck) return { text: unverifiedText(metadata, object) };
  return verifySignature(host, metadata, keys, object);
}

async function openPrimary(
  host: Host,
  source: RpmRepositorySource,
  repomd: Repomd,
  directory: string,
  options: ReadRepositoryOptions,
): Promise<RpmIndex> {
  const primary = repomd.files.get("primary");
  if (primary === undefined) throw new Error("parseRepomd lets no repository without primary metadata pass");
  const digests = [primary.openChecksum?.hex ?? primary.checksum.hex];
  const [fileName, leftOutName] = [indexFileName("primary", digests), indexFileName("left-out", digests)];
  const kept = await readKeptIndex(host, directory, fileName);
  if (kept !== undefined) {
    const known = await readKeptIndex(host, directory, leftOutName);
    if (known !== undefined) warnAboutLeftOut(source, fromJson<LeftOutPackages>(known), options.emit);
    return openRpmIndex(kept);
  }
  if (options.offline) throw notKept(source.id, source.urls[0]);
  await using fetched = await fetchRepomdFile(host, source, primary, PRIMARY_LIMITS, directory, options);
  const { openSizeBytes } = primary;
  let leftOut: LeftOutPackages | undefined;
  const compressed = host.files.readStream(fetched.place);
  const pieces = plainPieces(host, primary, compressed, PRIMARY_LIMITS, options);
  const content = await encodeRpmIndexFrom(host.threads, pieces, {
    origin: redactUrl(source.urls[0]),
    ...(openSizeBytes === undefined ? {} : { expectedBytes: openSizeBytes }),
    onLeftOut: (found) => (leftOut = found),
  });
  throwIfAborted(options.signal);
  if (leftOut !== undefined) {
    warnAboutLeftOut(source, leftOut, options.emit);
    // Before the index, so that no kept one is without.
    await keepIndex(host, directory, leftOutName, Buffer.from(JSON.stringify(leftOut)));
  }
  await keepIndex(host, directory, fileName, content);
  return openRpmIndex(content);
}

/**
 * Finds who owns some paths, in the file lists of a repository that was read before.
 *
 * A repository without file lists owns what its primary metadata says, and nothing more.
 *
 * @throws {REPOSITORY_OFFLINE} offline, and they were not kept
 * @throws as `readRpmRepository`
 */
export async function readFileOwners(
  host: Host,
  source: RpmRepositorySource,
  paths: readonly string[],
  options: ReadRepositoryOptions,
): Promise<FileOwners> {
  const directory = metadataDirectory(options.cacheDir, { url: source.urls[0], suite: "rpm" });
  const kept = await readKeptMetadata(host, directory);
  const object = repomdObject(source);
  if (kept === undefined) throw notKept(source.id, source.urls[0]);
  const { text } = await textOf(host, source, kept.metadata, object);
  const fileLists = parseRepomd(text, object).files.get("filelists");
  if (fileLists === undefined) {
    warnAboutNoFileLists(source, options.emit);
    return new Map(paths.map((path) => [path, []]));
  }
  const fileName = ownersFileName(fileLists, paths);
  const known = await readKeptIndex(host, directory, fileName);
  if (known !== undefined) return new Map(fromJson<[string, FileDigest[]][]>(known));
  if (options.offline) throw notKept(source.id, source.urls[0]);
  await using fetched = await fetchRepomdFile(host, source, fileLists, FILE_LISTS_LIMITS, directory, options);
  const compressed = host.files.readStream(fetched.place);
  const pieces = plainPieces(host, fileLists, compressed, FILE_LISTS_LIMITS, options);
  const owners = await ownersFromFileLists(pieces, paths, { origin: redactUrl(source.urls[0]) });
  await keepIndex(host, directory, fileName, Buffer.from(JSON.stringify([...owners])));
  return owners;
}

function ownersFileName({ openChecksum, checksum }: RepomdFile, paths: readonly string[]): string {
  return indexFileName("owners", [openChecksum?.hex ?? checksum.hex, ...paths]);
}

/** What this module wrote itself; the cache has checked that it is unchanged. */
function fromJson<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as T;
}

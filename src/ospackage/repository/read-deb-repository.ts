import { redactUrl, sha256, type EventSink } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { type DebIndex, encodeDebIndexFrom, openDebIndex } from "../deb/index.ts";
import { checkRelease } from "./check-release.ts";
import { throwIfAborted } from "./retries.ts";
import { fetchMetadata, metadataObject } from "./fetch-metadata.ts";
import { fetchPackagesText, offeredIndexes, plainSizeOf } from "./fetch-packages-index.ts";
import { indexFileName, keepIndex, readKeptIndex } from "./index-cache.ts";
import {
  keepMetadata,
  metadataDirectory,
  readKeptMetadata,
  readNewestDate,
  rememberNewestDate,
} from "./metadata-cache.ts";
import { type Release, parseRelease } from "./release.ts";
import type { DebRepositorySource, RepositoryIndex } from "./repository.ts";
import { notKept, warnAboutTrust } from "./repository-trust.ts";
import { type SignedMetadata, unverifiedText, verifySignature } from "./verify-signature.ts";

export interface ReadRepositoryOptions {
  /** In Debian's words, for example `amd64`. */
  readonly architecture: string;
  /** Metadata and indexes are kept in its directory `repositories`. */
  readonly cacheDir: string;
  /** Use only what was kept. */
  readonly offline: boolean;
  readonly emit: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Fetches, verifies and opens the index of a Debian-style repository.
 *
 * What was fetched before is used again when the server has nothing newer; its signature, freshness and digests are
 * checked all the same.
 *
 * @throws {REPOSITORY_SIGNATURE_INVALID} @throws {REPOSITORY_SIGNATURE_MISSING} @throws {REPOSITORY_KEY_INVALID}
 * @throws {REPOSITORY_EXPIRED} @throws {REPOSITORY_REPLAYED} @throws {REPOSITORY_WEAK_DIGEST}
 * @throws {REPOSITORY_METADATA_INVALID} @throws {REPOSITORY_TOO_LARGE} @throws {REPOSITORY_DIGEST_MISMATCH}
 * @throws {REPOSITORY_OFFLINE} offline, and nothing was kept
 * @throws {REPOSITORY_UNREACHABLE} @throws {REPOSITORY_NOT_FOUND} @throws {REPOSITORY_HTTP_ERROR} @throws {REPOSITORY_TRUNCATED}
 * @see Debian wiki, "DebianRepository/Format"; apt-secure(8)
 */
export async function readDebRepository(
  host: Host,
  source: DebRepositorySource,
  options: ReadRepositoryOptions,
): Promise<RepositoryIndex> {
  const { architecture, cacheDir, offline, emit } = options;
  warnAboutTrust(source, source.url, emit);
  const directory = metadataDirectory(cacheDir, source);
  const kept = await readKeptMetadata(host, directory);
  if (offline && kept === undefined) throw notKept(source.id, source.url);
  const fetched = offline ? undefined : await fetchMetadata(host, source, kept, options);
  const current = fetched ?? kept;
  if (current === undefined) throw notKept(source.id, source.url);

  const { metadata } = current;
  const object = metadataObject(source, metadata.kind === "cleartext" ? "InRelease" : "Release");
  const { text, signedBy } = await textOf(host, source, metadata, object);
  const release = parseRelease(text, object);
  const newestDateSeconds = await readNewestDate(host, directory);
  const nowMs = host.clock.nowMs();
  checkRelease(release, source, { object, architecture, nowMs, newestDateSeconds, directory });

  const index = await openIndex(host, source, release, object, directory, options);
  if (fetched !== undefined) await keepMetadata(host, directory, fetched);
  if (signedBy !== undefined && release.dateSeconds !== newestDateSeconds) {
    await rememberNewestDate(host, directory, release.dateSeconds);
  }
  emit({ type: "debug", message: `${object}: ${index.packageCount} packages, ${trustText(signedBy)}` });
  return {
    source,
    index,
    metadataSha256: sha256(metadata.content),
    dateSeconds: release.dateSeconds,
    ...(signedBy === undefined ? {} : { signedBy }),
    verified: signedBy !== undefined,
  };
}

async function textOf(
  host: Host,
  source: DebRepositorySource,
  metadata: SignedMetadata,
  object: string,
): Promise<{ readonly text: string; readonly signedBy?: string }> {
  if (!source.gpgCheck) return { text: unverifiedText(metadata, object) };
  return verifySignature(host, metadata, source.keys, object);
}

async function openIndex(
  host: Host,
  source: DebRepositorySource,
  release: Release,
  object: string,
  directory: string,
  options: ReadRepositoryOptions,
): Promise<DebIndex> {
  const { architecture, offline } = options;
  const offered = offeredIndexes(release, source, architecture, object);
  const fileName = indexFileName(
    architecture,
    offered.map(({ file, plain }) => plain?.sha256 ?? file.sha256),
  );
  const kept = await readKeptIndex(host, directory, fileName);
  if (kept !== undefined) return openDebIndex(kept);
  if (offline) throw notKept(source.id, source.url);

  const fetching = { ...options, byHash: release.acquireByHash };
  const texts = fetchPackagesText(host, source, offered, directory, fetching);
  const origin = redactUrl(source.url);
  const content = await encodeDebIndexFrom(host.threads, texts, plainSizeOf(offered), { architecture, origin });
  throwIfAborted(options.signal);
  await keepIndex(host, directory, fileName, content);
  return openDebIndex(content);
}

function trustText(signedBy: string | undefined): string {
  return signedBy === undefined ? "not verified" : `signed by ${signedBy}`;
}

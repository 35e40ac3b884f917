import path from "node:path";
import { ComposerError, type EventSink, messageOf, type Sha256Hex, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { type DebIndex, encodeDebIndex, openDebIndex } from "../deb/index.ts";
import {
  fetchOfferedIndex,
  joinTexts,
  type OfferedIndex,
  offeredIndexes,
  plainPackagesText,
} from "./fetch-packages-index.ts";
import { fetchMetadata, metadataObject, releaseDirectoryUrl } from "./fetch-metadata.ts";
import { metadataDirectory, readKeptMetadata } from "./metadata-cache.ts";
import { parseRelease, type Release } from "./release.ts";
import type { DebRepositorySource } from "./repository.ts";
import { type SignedMetadata, unverifiedText, verifySignature } from "./verify-signature.ts";

/** A file of a repository, byte for byte. */
export interface ChainFile {
  /** Below the address of the repository. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** Signed metadata and the indexes that it names: what vouches for the packages of a repository. */
export interface SignedChain {
  /** InRelease, or Release and Release.gpg; then the Packages files that were found. */
  readonly files: readonly ChainFile[];
  readonly metadataSha256: Sha256Hex;
  readonly dateSeconds: number;
  /** The primary key whose signature is valid today; absent when there is none, or checks are off. */
  readonly signedBy?: string;
  /** What the indexes list; absent when one of them was not found. */
  readonly index?: DebIndex;
  /** What is missing, in words. */
  readonly faults: readonly string[];
}

export interface SignedChainOptions {
  /** In Debian's words, for example `amd64`. */
  readonly architecture: string;
  /** Of the InRelease or Release that is wanted; when it is nowhere, the newest is taken. */
  readonly metadataSha256: Sha256Hex;
  /** Addresses of archives that may have what the repository no longer has, in the order in which they are asked. */
  readonly archiveUrls: readonly string[];
  /** Files of earlier chains by digest. */
  readonly known: ReadonlyMap<Sha256Hex, string>;
  readonly cacheDir: string;
  readonly offline: boolean;
  readonly emit: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Collects the signed metadata that a lock was made from, and the indexes that it names.
 *
 * It is not judged whether the metadata is fresh: a lock may be old.
 *
 * @returns undefined when no signed metadata was found at all
 * @throws {INTERRUPTED}
 */
export async function collectSignedChain(
  host: Host,
  source: DebRepositorySource,
  options: SignedChainOptions,
): Promise<SignedChain | undefined> {
  const places = placesOf(source, options);
  const metadata = await findMetadata(host, source, places, options);
  if (metadata === undefined) return undefined;
  const { release, signedBy, faults } = metadata;
  const object = metadataObject(source, fileNameOf(metadata.metadata));
  const offered = offeredIndexes(release, source, options.architecture, object);
  const contents = await Promise.all(offered.map((index) => findIndex(host, places, index, release, options)));
  const missing = offered.filter((_, number) => contents[number] === undefined);
  const index = missing.length > 0 ? undefined : await openChainIndex(host, offered, contents, object, options);
  const directory = releaseDirectoryUrl({ ...source, url: "" }).slice(1);
  return {
    files: [
      ...metadataFiles(metadata.metadata).map((file) => ({ ...file, path: directory + file.path })),
      ...offered.flatMap(({ file }, number) => {
        const content = contents[number];
        return content === undefined ? [] : [{ path: directory + file.path, content }];
      }),
    ],
    metadataSha256: sha256(metadata.metadata.content),
    dateSeconds: release.dateSeconds,
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(index === undefined ? {} : { index }),
    faults: [...faults, ...missing.map(({ file }) => `its "${file.path}" was not found`)],
  };
}

function placesOf(source: DebRepositorySource, { archiveUrls, offline }: SignedChainOptions): DebRepositorySource[] {
  return offline ? [] : [source, ...archiveUrls.map((url) => ({ ...source, url }))];
}

interface FoundMetadata {
  readonly metadata: SignedMetadata;
  readonly release: Release;
  readonly signedBy?: string;
  readonly faults: readonly string[];
}

async function findMetadata(
  host: Host,
  source: DebRepositorySource,
  places: readonly DebRepositorySource[],
  options: SignedChainOptions,
): Promise<FoundMetadata | undefined> {
  let newest: FoundMetadata | undefined;
  for await (const metadata of candidates(host, source, places, options)) {
    const isWanted = sha256(metadata.content) === options.metadataSha256;
    const judged = await judge(host, source, metadata, isWanted);
    if (judged === undefined) continue;
    if (isWanted) return judged;
    if (newest === undefined || judged.release.dateSeconds > newest.release.dateSeconds) newest = judged;
  }
  return newest;
}

/** Where signed metadata may be, the nearest first. */
async function* candidates(
  host: Host,
  source: DebRepositorySource,
  places: readonly DebRepositorySource[],
  { known, metadataSha256, cacheDir, emit, signal }: SignedChainOptions,
): AsyncGenerator<SignedMetadata> {
  const file = known.get(metadataSha256);
  const before = file === undefined ? undefined : await readMetadata(host, file);
  if (before !== undefined) yield before;
  const kept = await readKeptMetadata(host, metadataDirectory(cacheDir, source));
  if (kept !== undefined) yield kept.metadata;
  for (const place of places) {
    const abort = signal === undefined ? {} : { signal };
    const fetched = await unlessFailed(() => fetchMetadata(host, place, undefined, { emit, ...abort }), emit);
    if (fetched !== undefined) yield fetched.metadata;
  }
}

async function readMetadata({ files }: Host, file: string): Promise<SignedMetadata | undefined> {
  if (!(await files.exists(file))) return undefined;
  const content = await files.readBytes(file);
  if (path.basename(file) === "InRelease") return { kind: "cleartext", content };
  const signature = `${file}.gpg`;
  const isSigned = await files.exists(signature);
  return { kind: "detached", content, signature: isSigned ? await files.readBytes(signature) : new Uint8Array() };
}

/**
 * What metadata says, and who vouches for it today.
 *
 * @param isWanted the lock vouches for its content, whatever its signature is worth by now
 * @returns undefined when nobody vouches for it
 */
async function judge(
  host: Host,
  source: DebRepositorySource,
  metadata: SignedMetadata,
  isWanted: boolean,
): Promise<FoundMetadata | undefined> {
  const object = metadataObject(source, fileNameOf(metadata));
  try {
    if (!source.gpgCheck) {
      const release = parseRelease(unverifiedText(metadata, object), object);
      return { metadata, release, faults: ["its signature is not checked"] };
    }
    const { text, signedBy } = await verifySignature(host, metadata, source.keys, object);
    return { metadata, release: parseRelease(text, object), signedBy, faults: [] };
  } catch (error) {
    if (!(error instanceof ComposerError)) throw error;
    if (!isWanted) return undefined;
    const release = parseRelease(unverifiedText(metadata, object), object);
    return { metadata, release, faults: [`its signature is not valid today (${error.message})`] };
  }
}

async function findIndex(
  host: Host,
  places: readonly DebRepositorySource[],
  index: OfferedIndex,
  release: Release,
  { known, emit, signal }: SignedChainOptions,
): Promise<Uint8Array | undefined> {
  const file = known.get(index.file.sha256);
  if (file !== undefined && (await host.files.exists(file))) {
    const content = await host.files.readBytes(file);
    if (sha256(content) === index.file.sha256) return content;
  }
  const abort = signal === undefined ? {} : { signal };
  for (const place of places) {
    const fetching = { byHash: release.acquireByHash, emit, ...abort };
    const content = await unlessFailed(() => fetchOfferedIndex(host, place, index, fetching), emit);
    if (content !== undefined) return content;
  }
  return undefined;
}

async function openChainIndex(
  host: Host,
  offered: readonly OfferedIndex[],
  contents: readonly (Uint8Array | undefined)[],
  object: string,
  { architecture, emit, signal }: SignedChainOptions,
): Promise<DebIndex> {
  const abort = signal === undefined ? {} : { signal };
  const text = await joinTexts(offered, (index, target) => {
    const content = contents[offered.indexOf(index)] ?? new Uint8Array();
    return plainPackagesText(host, index, content, { object, target, emit, ...abort });
  });
  return openDebIndex(encodeDebIndex(text, { architecture, origin: object }));
}

/** What one place lacks, or can't give, another may have. */
async function unlessFailed<T>(action: () => Promise<T>, emit: EventSink): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ComposerError) || !error.code.startsWith("REPOSITORY_")) throw error;
    emit({ type: "debug", message: messageOf(error) });
    return undefined;
  }
}

function fileNameOf({ kind }: SignedMetadata): string {
  return kind === "cleartext" ? "InRelease" : "Release";
}

function metadataFiles(metadata: SignedMetadata): ChainFile[] {
  const file = { path: fileNameOf(metadata), content: metadata.content };
  if (metadata.kind === "cleartext" || metadata.signature.length === 0) return [file];
  return [file, { path: "Release.gpg", content: metadata.signature }];
}

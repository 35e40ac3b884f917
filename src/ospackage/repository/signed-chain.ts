import path from "node:path";
import { ComposerError, type EventSink, messageOf, type Sha256Hex, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { PackageIndex } from "../indexed-package.ts";
import type { TrustedKeyFile } from "../openpgp/index.ts";
import { type KeptMetadata, readKeptMetadata } from "./metadata-cache.ts";
import { type SignedMetadata, unverifiedText, verifySignature } from "./verify-signature.ts";

/** A file of a repository, byte for byte. */
export interface ChainFile {
  /** Below the address of the repository. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** Signed metadata and the indexes that it names: what vouches for the packages of a repository. */
export interface SignedChain {
  /** The signed metadata with its signature, then the indexes that were found. */
  readonly files: readonly ChainFile[];
  readonly metadataSha256: Sha256Hex;
  readonly dateSeconds?: number;
  /** The primary key whose signature is valid today; absent when there is none, or none is asked for. */
  readonly signedBy?: string;
  /** What the indexes list; absent when one of them was not found. */
  readonly index?: PackageIndex;
  /** What is missing, in words. */
  readonly faults: readonly string[];
}

export interface SignedChainOptions {
  /** In the distribution's words, for example `amd64`. */
  readonly architecture: string;
  /** Of the metadata that is wanted; when it is nowhere, the newest is taken. */
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

/** The signed metadata of one repository, in the way of its family. */
export interface ChainFormat {
  /** What messages call the metadata. */
  readonly object: string;
  /** Undefined: its signature is not checked. */
  readonly keys: readonly TrustedKeyFile[] | undefined;
  /** Where a cache keeps the newest. */
  readonly keptIn: string;
  /** Asks one place after the other. */
  readonly fetch: readonly (() => Promise<KeptMetadata | undefined>)[];
  /** Reads verified text. */
  readonly parse: (text: string) => ParsedMetadata;
  /** The paths of metadata and signature. */
  readonly paths: (kind: SignedMetadata["kind"]) => readonly [metadata: string, signature: string];
}

/** What signed metadata says. */
export interface ParsedMetadata {
  readonly dateSeconds: number | undefined;
  readonly indexes: readonly ChainIndex[];
  /** @param contents of all `indexes`, in their order */
  readonly open: (contents: readonly Uint8Array[]) => Promise<PackageIndex>;
}

/** An index that signed metadata names. */
export interface ChainIndex {
  readonly path: string;
  readonly sha256: Sha256Hex | undefined;
  /** Asks one place after the other; gives verified bytes. */
  readonly fetch: readonly (() => Promise<Uint8Array>)[];
}

/**
 * Collects the signed metadata that a lock was made from, and the indexes that it names.
 *
 * It is not judged whether the metadata is fresh: a lock may be old.
 *
 * @returns undefined when no metadata that somebody vouches for was found
 * @throws {INTERRUPTED}
 */
export async function collectChain(
  host: Host,
  format: ChainFormat,
  options: SignedChainOptions,
): Promise<SignedChain | undefined> {
  const found = await findMetadata(host, format, options);
  if (found === undefined) return undefined;
  const { metadata, parsed, signedBy, faults } = found;
  const contents = await Promise.all(parsed.indexes.map((index) => findIndex(host, index, options)));
  const complete = contents.filter((content) => content !== undefined);
  const missing = parsed.indexes.filter((_, number) => contents[number] === undefined);
  const index = missing.length > 0 ? undefined : await parsed.open(complete);
  return {
    files: [
      ...metadataFiles(metadata, format),
      ...parsed.indexes.flatMap((one, number) => {
        const content = contents[number];
        return content === undefined ? [] : [{ path: one.path, content }];
      }),
    ],
    metadataSha256: sha256(metadata.content),
    ...(parsed.dateSeconds === undefined ? {} : { dateSeconds: parsed.dateSeconds }),
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(index === undefined ? {} : { index }),
    faults: [...faults, ...missing.map((one) => `its "${one.path}" was not found`)],
  };
}

interface FoundMetadata {
  readonly metadata: SignedMetadata;
  readonly parsed: ParsedMetadata;
  readonly signedBy?: string;
  readonly faults: readonly string[];
}

async function findMetadata(
  host: Host,
  format: ChainFormat,
  options: SignedChainOptions,
): Promise<FoundMetadata | undefined> {
  let newest: FoundMetadata | undefined;
  for await (const metadata of candidates(host, format, options)) {
    const isWanted = sha256(metadata.content) === options.metadataSha256;
    const judged = await judge(host, format, metadata, isWanted);
    if (judged === undefined) continue;
    if (isWanted) return judged;
    if (newest === undefined || dateOf(judged) > dateOf(newest)) newest = judged;
  }
  return newest;
}

function dateOf({ parsed }: FoundMetadata): number {
  return parsed.dateSeconds ?? 0;
}

/** Where signed metadata may be, the nearest first. */
async function* candidates(
  host: Host,
  format: ChainFormat,
  { known, metadataSha256, emit }: SignedChainOptions,
): AsyncGenerator<SignedMetadata> {
  const file = known.get(metadataSha256);
  const before = file === undefined ? undefined : await readMetadata(host, format, file);
  if (before !== undefined) yield before;
  const kept = await readKeptMetadata(host, format.keptIn);
  if (kept !== undefined) yield kept.metadata;
  for (const fetch of format.fetch) {
    const fetched = await unlessFailed(fetch, emit);
    if (fetched !== undefined) yield fetched.metadata;
  }
}

async function readMetadata({ files }: Host, format: ChainFormat, file: string): Promise<SignedMetadata | undefined> {
  if (!(await files.exists(file))) return undefined;
  const content = await files.readBytes(file);
  if (path.basename(file) === "InRelease") return { kind: "cleartext", content };
  const signature = path.join(path.dirname(file), path.basename(format.paths("detached")[1]));
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
  { keys, object, parse }: ChainFormat,
  metadata: SignedMetadata,
  isWanted: boolean,
): Promise<FoundMetadata | undefined> {
  const unverified = () => ({ metadata, parsed: parse(unverifiedText(metadata, object)) });
  try {
    if (keys === undefined) return { ...unverified(), faults: [] };
    const { text, signedBy } = await verifySignature(host, metadata, keys, object);
    return { metadata, parsed: parse(text), signedBy, faults: [] };
  } catch (error) {
    if (!(error instanceof ComposerError)) throw error;
    if (!isWanted) return undefined;
    return { ...unverified(), faults: [`its signature is not valid today (${error.message})`] };
  }
}

async function findIndex(
  { files }: Host,
  index: ChainIndex,
  { known, emit }: SignedChainOptions,
): Promise<Uint8Array | undefined> {
  const file = index.sha256 === undefined ? undefined : known.get(index.sha256);
  if (file !== undefined && (await files.exists(file))) {
    const content = await files.readBytes(file);
    if (sha256(content) === index.sha256) return content;
  }
  for (const fetch of index.fetch) {
    const content = await unlessFailed(fetch, emit);
    if (content !== undefined) return content;
  }
  return undefined;
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

function metadataFiles(metadata: SignedMetadata, { paths }: ChainFormat): ChainFile[] {
  const [file, signature] = paths(metadata.kind);
  const isSigned = metadata.kind === "detached" && metadata.signature.length > 0;
  return [
    { path: file, content: metadata.content },
    ...(isSigned ? [{ path: signature, content: metadata.signature }] : []),
  ];
}

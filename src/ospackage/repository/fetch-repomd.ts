import { createHash } from "node:crypto";
import { ComposerError, type EventSink, isComposerError, isMirrorList, redactUrl } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { fromAnyMirror, type MirrorAttempts } from "./any-mirror.ts";
import { TRY_LATER } from "./download-errors.ts";
import { fetchBytes } from "./fetch.ts";
import type { KeptMetadata } from "./metadata-cache.ts";
import type { Mirror } from "./mirror-list.ts";
import type { RpmRepositorySource } from "./repository.ts";
import type { SignedMetadata } from "./verify-signature.ts";

type FetchHost = Pick<Host, "files" | "http" | "clock">;

const MAX_REPOMD_BYTES = 16 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 1024 * 1024;

/** Where a repository's metadata begin, below its address. */
export const REPOMD_PATH = "repodata/repomd.xml";

export interface FetchRepomdOptions<T> {
  /** Asked for only if it changed. */
  readonly kept?: KeptMetadata;
  /** Reads what a mirror has, or refuses it, which sends to the next one. @param object for messages */
  readonly judge: (metadata: SignedMetadata, object: string) => Promise<T>;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

/** Metadata that a mirror has, and what is to be made of it. */
export interface FetchedRepomd<T> extends KeptMetadata {
  readonly judged: T;
}

/** An address that paths can be appended to. */
export function asDirectory(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}

/** What messages call a repository's metadata. */
export function repomdObject({ urls: [url] }: Pick<RpmRepositorySource, "urls">): string {
  if (isMirrorList(url)) return `"${REPOMD_PATH}" of "${redactUrl(url)}"`;
  return `"${redactUrl(asDirectory(url))}${REPOMD_PATH}"`;
}

/**
 * Fetches repomd.xml, and repomd.xml.asc where signatures are to be checked, from the first mirror that has what it should.
 *
 * @returns undefined when `kept` is still what the server has
 * @throws {REPOSITORY_DIGEST_MISMATCH} it is not what the mirror list says
 * @throws as `download`, and what `judge` throws
 */
export async function fetchRepomd<T>(
  host: FetchHost,
  source: RpmRepositorySource,
  options: FetchRepomdOptions<T>,
): Promise<FetchedRepomd<T> | undefined> {
  const fetchFrom = async (mirror: Mirror, attempts: MirrorAttempts): Promise<FetchedRepomd<T> | undefined> => {
    const url = asDirectory(mirror.url);
    const { kept, judge, ...others } = options;
    const fetching = { ...others, ...attempts };
    const fetched = await fetchOrExplain(host, url, kept, fetching);
    const content = fetched.kind === "complete" ? fetched.bytes : (kept?.metadata.content ?? new Uint8Array());
    requireListed(content, mirror);
    if (fetched.kind === "not-modified") return undefined;
    const signature = source.repoGpgCheck ? await fetchSignature(host, url, fetching) : new Uint8Array();
    const metadata = { kind: "detached", content, signature } as const;
    const judged = await judge(metadata, repomdObject({ urls: [url] }));
    return { metadata, validators: fetched.validators, judged };
  };
  return fromAnyMirror(host, source.urls, fetchFrom, {
    ...options,
    object: `"${REPOMD_PATH}" of the repository "${source.id}"`,
  });
}

/** A mirror that is behind, or ahead, of its list would lead to packages that the others don't have. */
function requireListed(content: Uint8Array, { url, repomd }: Mirror): void {
  if (repomd === undefined) return;
  const isListed = repomd.some(({ algorithm, hex }) => createHash(algorithm).update(content).digest("hex") === hex);
  if (isListed) return;
  const message = `Cannot use ${repomdObject({ urls: [url] })}: its digest is none of those that the mirror list names`;
  throw new ComposerError("REPOSITORY_DIGEST_MISMATCH", message, { hint: TRY_LATER });
}

interface Fetching extends MirrorAttempts {
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

async function fetchOrExplain(host: FetchHost, url: string, kept: KeptMetadata | undefined, options: Fetching) {
  try {
    return await fetchBytes(host, url + REPOMD_PATH, {
      ...options,
      maxBytes: MAX_REPOMD_BYTES,
      ...(kept === undefined ? {} : { unless: kept.validators }),
    });
  } catch (error) {
    if (!isComposerError(error, "REPOSITORY_NOT_FOUND")) throw error;
    const message = `Cannot find a repository at "${redactUrl(url)}": there is no "${REPOMD_PATH}"`;
    throw new ComposerError("REPOSITORY_NOT_FOUND", message, {
      hint: "Check its address, or choose a mirror that has it with --mirror NAME=URL",
      cause: error,
    });
  }
}

/** Empty when there is none: whether one is needed is for who verifies it to say. */
async function fetchSignature(host: FetchHost, url: string, options: Fetching): Promise<Uint8Array> {
  try {
    const fetched = await fetchBytes(host, `${url}${REPOMD_PATH}.asc`, { ...options, maxBytes: MAX_SIGNATURE_BYTES });
    return fetched.kind === "complete" ? fetched.bytes : new Uint8Array();
  } catch (error) {
    if (isComposerError(error, "REPOSITORY_NOT_FOUND")) return new Uint8Array();
    throw error;
  }
}

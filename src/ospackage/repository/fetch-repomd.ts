import { ComposerError, type EventSink, isComposerError, redactUrl } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { fromAnyMirror } from "./any-mirror.ts";
import { fetchBytes } from "./fetch.ts";
import type { KeptMetadata } from "./metadata-cache.ts";
import type { RpmRepositorySource } from "./repository.ts";

const MAX_REPOMD_BYTES = 16 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 1024 * 1024;

/** Where a repository's metadata begin, below its address. */
export const REPOMD_PATH = "repodata/repomd.xml";

/** An address that paths can be appended to. */
export function asDirectory(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}

/** What messages call a repository's metadata. */
export function repomdObject({ urls: [url] }: RpmRepositorySource): string {
  return `"${redactUrl(asDirectory(url))}${REPOMD_PATH}"`;
}

/**
 * Fetches repomd.xml, and repomd.xml.asc where signatures are to be checked.
 *
 * @param kept asked for only if it changed
 * @returns undefined when `kept` is still what the server has
 * @throws as `download`
 */
export async function fetchRepomd(
  host: Pick<Host, "files" | "http" | "clock">,
  source: RpmRepositorySource,
  kept: KeptMetadata | undefined,
  options: { readonly emit?: EventSink; readonly signal?: AbortSignal },
): Promise<KeptMetadata | undefined> {
  return fromAnyMirror(
    source.urls,
    async (address) => {
      const url = asDirectory(address);
      const fetched = await fetchOrExplain(host, url, kept, options);
      if (fetched.kind === "not-modified") return undefined;
      const signature = source.repoGpgCheck ? await fetchSignature(host, url, options) : new Uint8Array();
      return {
        metadata: { kind: "detached", content: fetched.bytes, signature },
        validators: fetched.validators,
      } as const;
    },
    options.emit,
  );
}

async function fetchOrExplain(
  host: Pick<Host, "files" | "http" | "clock">,
  url: string,
  kept: KeptMetadata | undefined,
  options: { readonly emit?: EventSink; readonly signal?: AbortSignal },
) {
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
async function fetchSignature(
  host: Pick<Host, "files" | "http" | "clock">,
  url: string,
  options: { readonly emit?: EventSink; readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  try {
    const fetched = await fetchBytes(host, `${url}${REPOMD_PATH}.asc`, { ...options, maxBytes: MAX_SIGNATURE_BYTES });
    return fetched.kind === "complete" ? fetched.bytes : new Uint8Array();
  } catch (error) {
    if (isComposerError(error, "REPOSITORY_NOT_FOUND")) return new Uint8Array();
    throw error;
  }
}

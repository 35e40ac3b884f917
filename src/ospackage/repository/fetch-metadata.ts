import { ComposerError, type EventSink, isComposerError, redactUrl } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { fetchBytes } from "./fetch.ts";
import type { KeptMetadata } from "./metadata-cache.ts";
import type { DebRepositorySource } from "./repository.ts";

type FetchHost = Pick<Host, "files" | "http" | "clock">;

/** Debian's has 1.5 MiB. */
const MAX_METADATA_BYTES = 16 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 1024 * 1024;

/** The address of the directory that a repository's InRelease or Release is in, ending in "/". */
export function releaseDirectoryUrl({ url, suite }: DebRepositorySource): string {
  const base = url.endsWith("/") ? url : `${url}/`;
  if (!suite.endsWith("/")) return `${base}dists/${suite}/`;
  const directory = suite.replace(/^(?:\.?\/)+/, "");
  return `${base}${directory}`;
}

/** What messages call a repository's metadata. */
export function metadataObject(source: DebRepositorySource, name: string): string {
  return `"${redactUrl(releaseDirectoryUrl(source) + name)}"`;
}

/**
 * Fetches InRelease, or Release and Release.gpg where there is none.
 *
 * @param kept asked for only if it changed
 * @returns undefined when `kept` is still what the server has
 * @throws as `download`
 */
export async function fetchMetadata(
  host: FetchHost,
  source: DebRepositorySource,
  kept: KeptMetadata | undefined,
  options: { readonly emit?: EventSink; readonly signal?: AbortSignal },
): Promise<KeptMetadata | undefined> {
  const directory = releaseDirectoryUrl(source);
  const get = (name: string, kind: KeptMetadata["metadata"]["kind"]) =>
    fetchBytes(host, directory + name, {
      ...options,
      maxBytes: MAX_METADATA_BYTES,
      ...(kept?.metadata.kind === kind ? { unless: kept.validators } : {}),
    });

  const inRelease = await unlessAbsent(get("InRelease", "cleartext"));
  if (inRelease !== undefined) {
    if (inRelease.kind === "not-modified") return undefined;
    return { metadata: { kind: "cleartext", content: inRelease.bytes }, validators: inRelease.validators };
  }
  const release = await unlessAbsent(get("Release", "detached"));
  if (release === undefined) throw noRepository(directory);
  if (release.kind === "not-modified") return undefined;
  const signature = await unlessAbsent(
    fetchBytes(host, `${directory}Release.gpg`, { ...options, maxBytes: MAX_SIGNATURE_BYTES }),
  );
  return {
    metadata: {
      kind: "detached",
      content: release.bytes,
      signature: signature?.kind === "complete" ? signature.bytes : new Uint8Array(),
    },
    validators: release.validators,
  };
}

function noRepository(directory: string): ComposerError {
  const message = `Cannot find a repository at "${redactUrl(directory)}": the server has neither InRelease nor Release there`;
  return new ComposerError("REPOSITORY_NOT_FOUND", message, {
    hint: "Check its address and suite, or choose a mirror that has it with --mirror NAME=URL",
  });
}

async function unlessAbsent<T>(fetching: Promise<T>): Promise<T | undefined> {
  try {
    return await fetching;
  } catch (error) {
    if (isComposerError(error, "REPOSITORY_NOT_FOUND")) return undefined;
    throw error;
  }
}

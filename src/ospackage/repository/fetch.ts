import path from "node:path";
import {
  algorithmOf,
  ComposerError,
  createDigest,
  type DigestAlgorithm,
  type DigestStream,
  type FileDigest,
  isComposerError,
} from "../../core/index.ts";
import type { Host, OpenFile } from "../../host/index.ts";
import { type DownloadOptions, type DownloadSink, type Validators, download } from "./download.ts";
import { objectOf, TRY_LATER } from "./download-errors.ts";
import { claimPartialFile, releasePartialFile } from "./partial-file.ts";

type FetchHost = Pick<Host, "files" | "http" | "clock">;

export type FetchedBytes =
  | { readonly kind: "complete"; readonly bytes: Uint8Array; readonly validators: Validators }
  | { readonly kind: "not-modified" };

/**
 * Reads an address into memory.
 *
 * @throws as {@link download}
 */
export async function fetchBytes(host: FetchHost, url: string, options: DownloadOptions): Promise<FetchedBytes> {
  const sink = memorySink();
  const outcome = await download(host, url, sink, options);
  return outcome.kind === "not-modified" ? outcome : { ...outcome, bytes: sink.bytes() };
}

export interface FetchFileOptions extends Omit<DownloadOptions, "maxBytes" | "unless"> {
  readonly sizeBytes: number;
  readonly digest: FileDigest;
  /** Where the file grows before it is complete and verified; on the file system of the target. */
  readonly partialDir: string;
}

/**
 * Reads an address into a file, which appears under its name only when it is complete and its digest is right.
 *
 * What an interrupted run has got is used by the next one.
 *
 * @throws {REPOSITORY_DIGEST_MISMATCH} size or digest are wrong, also after a second attempt from the beginning
 * @throws {HOST_DISK_FULL}
 * @throws as {@link download}
 */
export async function fetchFile(
  host: FetchHost,
  url: string,
  target: string,
  options: FetchFileOptions,
): Promise<void> {
  const { sizeBytes, digest, partialDir } = options;
  await host.files.makeDirectory(partialDir);
  const partial = await claimPartialFile(host, partialDir, digest);
  const downloadOptions = { ...options, maxBytes: sizeBytes };
  try {
    await using sink = await openFileSink(host, partial, options);
    const wasResumed = sink.offset() > 0;
    const isWrong = async (): Promise<boolean> => {
      if (sink.offset() < sizeBytes) await download(host, url, sink, downloadOptions);
      return sink.digest() !== digest;
    };
    if (await isWrong()) {
      await sink.restart();
      if (!wasResumed || (await isWrong())) throw digestMismatch(objectOf(url, options), algorithmOf(digest));
    }
  } catch (error) {
    // The beginning of a file with a wrong digest or size is of no use.
    if (isComposerError(error, "REPOSITORY_DIGEST_MISMATCH", "REPOSITORY_SIZE_MISMATCH"))
      await host.files.remove(partial);
    else await releasePartialFile(host, partial, partialDir, digest);
    throw error;
  }
  await host.files.makeDirectory(path.dirname(target));
  await host.files.rename(partial, target);
}

/**
 * Reads an address into a file that nobody else knows, and removes it again when that fails: little of it is in memory at
 * a time.
 *
 * @param file does not exist yet; its directory does
 * @throws {REPOSITORY_DIGEST_MISMATCH} size or digest are wrong
 * @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE}
 * @throws as {@link download}
 */
export async function fetchNewFile(
  host: FetchHost,
  url: string,
  file: string,
  options: DownloadOptions & { readonly digest: FileDigest },
): Promise<void> {
  try {
    await using sink = await openFileSink(host, file, { ...options, sizeBytes: options.maxBytes });
    await download(host, url, sink, options);
    if (sink.digest() !== options.digest) throw digestMismatch(objectOf(url, options), algorithmOf(options.digest));
  } catch (error) {
    await host.files.remove(file);
    throw error;
  }
}

/** The error for content that is not what metadata, signed or not, or a lock names. */
export function digestMismatch(object: string, algorithm: DigestAlgorithm = "sha256"): ComposerError {
  return new ComposerError(
    "REPOSITORY_DIGEST_MISMATCH",
    `Cannot use ${object}: its ${algorithm.replace("sha", "SHA-")} is not the one that the index or the lock names`,
    { hint: TRY_LATER },
  );
}

function memorySink(): DownloadSink & { bytes(): Uint8Array } {
  let chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  return {
    offset: () => sizeBytes,
    write: async (chunk) => {
      chunks.push(chunk);
      sizeBytes += chunk.length;
    },
    restart: async () => {
      chunks = [];
      sizeBytes = 0;
    },
    bytes: () => Buffer.concat(chunks),
  };
}

type FileSink = DownloadSink & AsyncDisposable & { digest(): FileDigest };

/** Appends to a file and keeps the digest of all of it; a file that is longer than it should be starts anew. */
async function openFileSink(
  host: FetchHost,
  file: string,
  { sizeBytes, digest, onBytes }: Pick<FetchFileOptions, "sizeBytes" | "digest" | "onBytes">,
): Promise<FileSink> {
  const present = (await host.files.stat(file))?.sizeBytes;
  const open: OpenFile = await host.files.open(file, { create: present === undefined });
  let hash: DigestStream = createDigest(algorithmOf(digest));
  let offset = 0;
  const sink: FileSink = {
    offset: () => offset,
    write: async (chunk) => {
      await open.writeAt(offset, chunk);
      hash.update(chunk);
      offset += chunk.length;
    },
    restart: async () => {
      await open.truncate(0);
      onBytes?.(-offset);
      hash = createDigest(algorithmOf(digest));
      offset = 0;
    },
    digest: () => hash.digest(),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
  try {
    if (present !== undefined && present > sizeBytes) {
      await sink.restart();
    } else if (present !== undefined) {
      for await (const chunk of host.files.readStream(file)) {
        hash.update(chunk);
        offset += chunk.length;
      }
      onBytes?.(offset);
    }
  } catch (error) {
    await sink[Symbol.asyncDispose]();
    throw error;
  }
  return sink;
}

import { fileURLToPath } from "node:url";
import { ComposerError, formatSize, isComposerError } from "../../core/index.ts";
import type { Host, HttpResponse } from "../../host/index.ts";
import { objectOf, statusError, tooLarge, truncated } from "./download-errors.ts";
import { requestOnce } from "./request-once.ts";
import { type RetryOptions, Temporary, throwIfAborted, withRetries } from "./retries.ts";

export interface DownloadOptions extends RetryOptions {
  /** What is fetched, for messages; the address when absent. */
  readonly object?: string;
  /** More bytes than this are refused. */
  readonly maxBytes: number;
  /** The exact size, when it is known. */
  readonly sizeBytes?: number;
  /** Asks only for a version that is not this one. */
  readonly unless?: Validators;
  /** Called with the number of bytes of every piece; negative when pieces are thrown away. */
  readonly onBytes?: (count: number) => void;
}

/** What a server said to recognise a version by. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Where downloaded bytes go. */
export interface DownloadSink {
  /** Bytes that are already there. */
  offset(): number;
  write(chunk: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
}

export type DownloadOutcome =
  { readonly kind: "complete"; readonly validators: Validators } | { readonly kind: "not-modified" };

type DownloadHost = Pick<Host, "files" | "http" | "clock">;

/**
 * Reads an address (`http:`, `https:` or `file:`) into a sink, trying again with growing delays and going on where the
 * last attempt ended.
 *
 * @throws {REPOSITORY_UNREACHABLE} no connection, or no answer
 * @throws {REPOSITORY_NOT_FOUND} 404 or 410, or no such file
 * @throws {REPOSITORY_HTTP_ERROR} another status that is no success
 * @throws {REPOSITORY_TRUNCATED} the connection ended early, or there are fewer bytes than there should be
 * @throws {REPOSITORY_DIGEST_MISMATCH} there are more bytes than there should be
 * @throws {INTERRUPTED} `signal` fired
 */
export async function download(
  host: DownloadHost,
  url: string,
  sink: DownloadSink,
  options: DownloadOptions,
): Promise<DownloadOutcome> {
  if (url.startsWith("file:")) return readLocal(host, url, sink, options);
  const progress: Progress = { validators: {} };
  return withRetries(host, options, () => attemptOnce(host, url, sink, options, progress));
}

/** What an attempt leaves to the next. */
interface Progress {
  validators: Validators;
}

async function attemptOnce(
  host: DownloadHost,
  url: string,
  sink: DownloadSink,
  options: DownloadOptions,
  progress: Progress,
): Promise<DownloadOutcome> {
  const object = objectOf(url, options);
  const response = await requestOnce(host, url, conditionsOf(sink.offset(), options, progress), { ...options, object });
  const { status, headers } = response;
  if (status === 304 && options.unless !== undefined) {
    await response.discard();
    return { kind: "not-modified" };
  }
  if (status === 416 && sink.offset() > 0) {
    await response.discard();
    await sink.restart();
    throw new Temporary(truncated(object, "the server cannot go on where the last attempt ended"), 0);
  }
  if (status !== 200 && status !== 206) {
    await response.discard();
    throw statusError(object, response);
  }
  if (sink.offset() > 0 && !(status === 206 && rangeStart(headers["content-range"]) === sink.offset())) {
    if (status === 206) {
      await response.discard();
      await sink.restart();
      throw new Temporary(truncated(object, "the server sent another part than was asked for"), 0);
    }
    await sink.restart();
  } else if (status === 206 && sink.offset() === 0) {
    await response.discard();
    throw new ComposerError("REPOSITORY_HTTP_ERROR", `Cannot fetch ${object}: the server sent only a part`);
  }
  progress.validators = validatorsOf(headers);
  await copyBody(url, response, sink, options);
  return { kind: "complete", validators: progress.validators };
}

/** What a request says about the bytes that are there already. */
function conditionsOf(
  offset: number,
  { unless }: DownloadOptions,
  { validators }: Progress,
): Readonly<Record<string, string>> {
  if (offset > 0) {
    const { etag } = validators;
    const ifSame = etag === undefined || etag.startsWith("W/") ? {} : { "if-range": etag };
    return { range: `bytes=${offset}-`, ...ifSame };
  }
  if (unless?.etag !== undefined) return { "if-none-match": unless.etag };
  if (unless?.lastModified !== undefined) return { "if-modified-since": unless.lastModified };
  return {};
}

async function copyBody(
  url: string,
  response: HttpResponse,
  sink: DownloadSink,
  options: DownloadOptions,
): Promise<void> {
  const object = objectOf(url, options);
  const limit = options.sizeBytes ?? options.maxBytes;
  const announced = Number(response.headers["content-length"] ?? Number.NaN);
  const end = sink.offset() + announced;
  try {
    if (end > limit) throw tooLarge(object, options);
    for await (const chunk of response.body) {
      if (sink.offset() + chunk.length > limit) throw tooLarge(object, options);
      await sink.write(chunk);
      options.onBytes?.(chunk.length);
    }
  } catch (error) {
    if (isComposerError(error)) {
      await response.discard().catch(() => undefined);
      throw error;
    }
    throw new Temporary(truncated(object, `the connection ended after ${formatSize(sink.offset())}`, error));
  }
  const expected = options.sizeBytes ?? (Number.isNaN(announced) ? sink.offset() : end);
  if (sink.offset() < expected) {
    throw new Temporary(truncated(object, `it ended after ${sink.offset()} of ${expected} bytes`));
  }
}

async function readLocal(
  host: DownloadHost,
  url: string,
  sink: DownloadSink,
  options: DownloadOptions,
): Promise<DownloadOutcome> {
  const object = objectOf(url, options);
  const file = fileURLToPath(url);
  if (!(await host.files.exists(file))) {
    throw new ComposerError("REPOSITORY_NOT_FOUND", `Cannot fetch ${object}: it does not exist`);
  }
  await sink.restart();
  for await (const chunk of host.files.readStream(file)) {
    throwIfAborted(options.signal);
    if (sink.offset() + chunk.length > (options.sizeBytes ?? options.maxBytes)) throw tooLarge(object, options);
    await sink.write(chunk);
    options.onBytes?.(chunk.length);
  }
  if (options.sizeBytes !== undefined && sink.offset() < options.sizeBytes) {
    throw truncated(object, `it has ${sink.offset()} of ${options.sizeBytes} bytes`);
  }
  return { kind: "complete", validators: {} };
}

function validatorsOf(headers: HttpResponse["headers"]): Validators {
  const { etag, "last-modified": lastModified } = headers;
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

function rangeStart(contentRange: string | undefined): number | undefined {
  const match = /^bytes (\d+)-/.exec(contentRange ?? "");
  return match === null ? undefined : Number(match[1]);
}

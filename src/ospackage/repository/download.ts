import { fileURLToPath } from "node:url";
import {
  ComposerError,
  type EventSink,
  formatSize,
  isComposerError,
  messageOf,
  noEvents,
  redactUrl,
} from "../../core/index.ts";
import type { Host, HttpResponse } from "../../host/index.ts";
import { unreachable } from "./unreachable.ts";

export interface DownloadOptions {
  /** What is fetched, for messages; the address when absent. */
  readonly object?: string;
  /** More bytes than this are refused. */
  readonly maxBytes: number;
  /** The exact size, when it is known. */
  readonly sizeBytes?: number;
  /** How often to try; 4 times when absent. */
  readonly attempts?: number;
  /** Asks only for a version that is not this one. */
  readonly unless?: Validators;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
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

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;

/** What to do when a server gives less, more or other than it should. */
export const TRY_LATER =
  "The mirror may be in the middle of an update: try again later, or choose another one with --mirror NAME=URL";

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
  const { attempts = ATTEMPTS } = options;
  const progress: Progress = { validators: {} };
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(options.signal);
    try {
      return await attemptOnce(host, url, sink, options, progress);
    } catch (error) {
      throwIfAborted(options.signal);
      if (attempt >= attempts || !(error instanceof Temporary)) throw error instanceof Temporary ? error.final : error;
      const delayMs = Math.min(error.delayMs ?? FIRST_DELAY_MS * 2 ** (attempt - 1), LONGEST_DELAY_MS);
      (options.emit ?? noEvents)({
        type: "debug",
        message: `${error.final.message}; trying again in ${delayMs / 1000} s`,
      });
      await sleep(host, delayMs, options.signal);
    }
  }
}

/** What an attempt leaves to the next. */
interface Progress {
  validators: Validators;
}

/** A failure that may go away. */
class Temporary extends Error {
  readonly final: ComposerError;
  readonly delayMs: number | undefined;

  constructor(final: ComposerError, delayMs?: number) {
    super(final.message);
    this.final = final;
    this.delayMs = delayMs;
  }
}

async function attemptOnce(
  host: DownloadHost,
  url: string,
  sink: DownloadSink,
  options: DownloadOptions,
  progress: Progress,
): Promise<DownloadOutcome> {
  const object = objectOf(url, options);
  const response = await request(host, url, sink.offset(), options, progress);
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

async function request(
  host: DownloadHost,
  url: string,
  offset: number,
  options: DownloadOptions,
  { validators }: Progress,
): Promise<HttpResponse> {
  const { unless, signal } = options;
  // Content encodings would change the bytes that digests are made of.
  const headers: Record<string, string> = { "accept-encoding": "identity", "cache-control": "max-age=0" };
  if (offset > 0) {
    headers["range"] = `bytes=${offset}-`;
    if (validators.etag !== undefined && !validators.etag.startsWith("W/")) headers["if-range"] = validators.etag;
  } else if (unless?.etag !== undefined) {
    headers["if-none-match"] = unless.etag;
  } else if (unless?.lastModified !== undefined) {
    headers["if-modified-since"] = unless.lastModified;
  }
  try {
    return await host.http.get({ url, headers, ...(signal === undefined ? {} : { signal }) });
  } catch (failure) {
    if (isComposerError(failure)) throw failure;
    const { error, isTemporary } = unreachable(objectOf(url, options), failure);
    throw isTemporary ? new Temporary(error) : error;
  }
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

const RETRIED_STATUSES: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

function statusError(object: string, { status, headers }: HttpResponse): Error {
  if (status === 404 || status === 410) {
    return new ComposerError("REPOSITORY_NOT_FOUND", `Cannot fetch ${object}: the server has no such file`, {
      hint: TRY_LATER,
    });
  }
  const error = new ComposerError(
    "REPOSITORY_HTTP_ERROR",
    `Cannot fetch ${object}: the server answered with status ${status}`,
    {
      hint:
        status >= 500
          ? TRY_LATER
          : "Check the address and the proxy variables, or choose a mirror with --mirror NAME=URL",
    },
  );
  if (!RETRIED_STATUSES.includes(status)) return error;
  const retryAfter = /^\d{1,6}$/.exec(headers["retry-after"] ?? "")?.[0];
  return new Temporary(error, retryAfter === undefined ? undefined : Number(retryAfter) * 1000);
}

function truncated(object: string, state: string, cause?: unknown): ComposerError {
  return new ComposerError("REPOSITORY_TRUNCATED", `Cannot fetch ${object}: ${state}`, {
    hint: TRY_LATER,
    ...(cause === undefined ? {} : { cause, details: [messageOf(cause)] }),
  });
}

function tooLarge(object: string, { sizeBytes, maxBytes }: DownloadOptions): ComposerError {
  const state =
    sizeBytes === undefined ? `it has more than ${formatSize(maxBytes)}` : `it has more than its ${sizeBytes} bytes`;
  return new ComposerError("REPOSITORY_DIGEST_MISMATCH", `Cannot use ${object}: ${state}`, { hint: TRY_LATER });
}

/** What messages call the thing at an address. */
export function objectOf(url: string, { object }: Pick<DownloadOptions, "object">): string {
  return object ?? `"${redactUrl(url)}"`;
}

/** @throws {INTERRUPTED} */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
}

async function sleep({ clock }: DownloadHost, durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

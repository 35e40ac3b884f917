import { fileURLToPath } from "node:url";
import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { statusError, TRY_LATER, truncated } from "./download-errors.ts";
import { requestOnce } from "./request-once.ts";
import { type RetryOptions, Temporary, withRetries } from "./retries.ts";

export interface FetchHeadOptions extends RetryOptions {
  /** What is fetched, for messages. */
  readonly object: string;
  readonly byteCount: number;
}

/**
 * Reads the first bytes of a file at an address (`http:`, `https:` or `file:`), which nobody vouches for; takes no more from
 * a server that knows no ranges.
 *
 * @throws {REPOSITORY_UNREACHABLE} @throws {REPOSITORY_NOT_FOUND} @throws {REPOSITORY_HTTP_ERROR}
 * @throws {REPOSITORY_TRUNCATED} the connection ended early, or the file is shorter @throws {INTERRUPTED} `signal` fired
 * @see RFC 9110, section 14
 */
export async function fetchHead(
  host: Pick<Host, "files" | "http" | "clock">,
  url: string,
  options: FetchHeadOptions,
): Promise<Uint8Array> {
  if (url.startsWith("file:")) return readLocalHead(host, fileURLToPath(url), options);
  return withRetries(host, options, () => fetchHeadOnce(host, url, options));
}

async function fetchHeadOnce(host: Pick<Host, "http">, url: string, options: FetchHeadOptions): Promise<Uint8Array> {
  const { object, byteCount } = options;
  const response = await requestOnce(host, url, { range: `bytes=0-${byteCount - 1}` }, options);
  const { status, headers } = response;
  if (status !== 200 && status !== 206) {
    await response.discard();
    throw statusError(object, response);
  }
  if (status === 206 && !/^bytes 0-/.test(headers["content-range"] ?? "")) {
    await response.discard();
    throw new ComposerError("REPOSITORY_HTTP_ERROR", `Cannot fetch ${object}: the server sent another part`, {
      hint: TRY_LATER,
    });
  }
  let head: Uint8Array;
  try {
    head = await readUpTo(response.body, byteCount);
  } catch (error) {
    throw new Temporary(truncated(object, "the connection ended at once", error));
  }
  if (head.length === byteCount) return head;
  throw new Temporary(truncated(object, `it ended after ${head.length} of ${byteCount} bytes`));
}

async function readLocalHead(
  { files }: Pick<Host, "files">,
  file: string,
  { object, byteCount }: FetchHeadOptions,
): Promise<Uint8Array> {
  if (!(await files.exists(file))) {
    throw new ComposerError("REPOSITORY_NOT_FOUND", `Cannot fetch ${object}: it does not exist`);
  }
  const head = await readUpTo(files.readStream(file), byteCount);
  if (head.length === byteCount) return head;
  throw truncated(object, `it has ${head.length} of ${byteCount} bytes`);
}

/** Leaving the loop early ends the transfer. */
export async function readUpTo(body: AsyncIterable<Uint8Array>, byteCount: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let count = 0;
  for await (const piece of body) {
    pieces.push(piece);
    count += piece.length;
    if (count >= byteCount) break;
  }
  return Buffer.concat(pieces).subarray(0, byteCount);
}

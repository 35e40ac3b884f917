import { ComposerError, formatSize, messageOf, redactUrl } from "../../core/index.ts";
import type { HttpResponse } from "../../host/index.ts";
import { Temporary } from "./retries.ts";

/** What to do when a server gives less, more or other than it should. */
export const TRY_LATER =
  "The mirror may be in the middle of an update: try again later, or choose another one with --mirror NAME=URL";

const RETRIED_STATUSES: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Why a status is no success. */
export function statusError(object: string, { status, headers }: HttpResponse): Error {
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

export function truncated(object: string, state: string, cause?: unknown): ComposerError {
  return new ComposerError("REPOSITORY_TRUNCATED", `Cannot fetch ${object}: ${state}`, {
    hint: TRY_LATER,
    ...(cause === undefined ? {} : { cause, details: [messageOf(cause)] }),
  });
}

export function tooLarge(
  object: string,
  { sizeBytes, maxBytes }: { readonly sizeBytes?: number; readonly maxBytes: number },
): ComposerError {
  const [code, state] =
    sizeBytes === undefined
      ? (["REPOSITORY_TOO_LARGE", `it has more than ${formatSize(maxBytes)}`] as const)
      : (["REPOSITORY_SIZE_MISMATCH", `it has more than its ${sizeBytes} bytes`] as const);
  return new ComposerError(code, `Cannot use ${object}: ${state}`, { hint: TRY_LATER });
}

/** What messages call the thing at an address. */
export function objectOf(url: string, { object }: { readonly object?: string }): string {
  return object ?? `"${redactUrl(url)}"`;
}

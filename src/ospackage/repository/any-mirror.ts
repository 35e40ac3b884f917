import { type ErrorCode, type EventSink, isComposerError, redactUrl } from "../../core/index.ts";

/** What another mirror of the same content may do better. */
const MIRROR_FAULTS: readonly ErrorCode[] = [
  "REPOSITORY_UNREACHABLE",
  "REPOSITORY_NOT_FOUND",
  "REPOSITORY_HTTP_ERROR",
  "REPOSITORY_TRUNCATED",
  "REPOSITORY_DIGEST_MISMATCH",
];

/**
 * Asks mirrors of the same content one after the other until one answers as it should.
 *
 * @throws what the first mirror's failure was, when all fail
 */
export async function fromAnyMirror<T>(
  urls: readonly string[],
  fetchFrom: (url: string) => Promise<T>,
  emit?: EventSink,
): Promise<T> {
  let first: unknown;
  for (const [index, url] of urls.entries()) {
    try {
      return await fetchFrom(url);
    } catch (error) {
      if (!MIRROR_FAULTS.some((code) => isComposerError(error, code))) throw error;
      first ??= error;
      const next = urls[index + 1];
      if (next === undefined || !(error instanceof Error)) continue;
      const message = `${error.message}: asking "${redactUrl(next)}"`;
      emit?.({ type: "warning", stage: "packages", code: "RETRY", message });
    }
  }
  throw first;
}

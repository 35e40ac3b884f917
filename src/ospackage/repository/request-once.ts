import { isComposerError } from "../../core/index.ts";
import type { Host, HttpResponse } from "../../host/index.ts";
import { Temporary } from "./retries.ts";
import { unreachable } from "./unreachable.ts";

/**
 * Asks a server for the bytes of a file as they are.
 *
 * @param options.object what is fetched, for messages
 * @throws {REPOSITORY_UNREACHABLE} no connection, or no answer; {@link Temporary} when another attempt may do better
 */
export async function requestOnce(
  { http }: Pick<Host, "http">,
  url: string,
  headers: Readonly<Record<string, string>>,
  { object, signal }: { readonly object: string; readonly signal?: AbortSignal },
): Promise<HttpResponse> {
  // Content encodings would change the bytes that digests are made of.
  const plain = { "accept-encoding": "identity", "cache-control": "max-age=0" };
  try {
    return await http.get({ url, headers: { ...plain, ...headers }, ...(signal === undefined ? {} : { signal }) });
  } catch (failure) {
    if (isComposerError(failure)) throw failure;
    const { error, isTemporary } = unreachable(object, failure);
    throw isTemporary ? new Temporary(error) : error;
  }
}

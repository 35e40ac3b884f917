import { requireSupported } from "../config/index.ts";
import { ComposerError } from "../core/index.ts";
import { onEndingSignal } from "../host/index.ts";
import type { BuildRequest, NamedLockFile } from "../provider/index.ts";
import { withPositions } from "./check-packages-online.ts";
import type { CliContext } from "./context.ts";
import { loadCheckedTemplate } from "./load-checked-template.ts";
import { type MirrorFlags, withMirrors } from "./mirror-option.ts";
import { openReporter } from "./open-reporter.ts";

export interface FetchRequestFlags {
  readonly mirror?: MirrorFlags;
  readonly offline?: true;
}

/**
 * Does something with the packages of a template, under a reporter; a signal ends it in an orderly way.
 *
 * @param locked the lock to go by, when there is one
 * @throws {INTERRUPTED} @throws {TERMINATED}
 */
export async function withFetchRequest<Lock extends { readonly locked?: NamedLockFile }, T>(
  context: CliContext,
  file: string,
  flags: FetchRequestFlags,
  readLock: () => Promise<Lock>,
  action: (request: BuildRequest & Lock) => Promise<T>,
): Promise<T> {
  const settings = withMirrors(await context.settings(), flags.mirror);
  const template = await loadCheckedTemplate(context, file);
  requireSupported(template);
  const locked = await readLock();
  const reporter = await openReporter(context, settings);
  const ending = new AbortController();
  let received: string | undefined;
  const stopListening = onEndingSignal((signal) => {
    received ??= signal;
    ending.abort();
  });
  const request = {
    ...locked,
    template,
    settings,
    offline: flags.offline === true,
    emit: reporter.emit,
    log: () => undefined,
    signal: ending.signal,
  };
  try {
    return await withPositions(template, () => action(request));
  } catch (error) {
    if (received === undefined) throw error;
    const message = `The command was ended by ${received}; what was downloaded is kept in the cache`;
    throw new ComposerError(received === "SIGINT" ? "INTERRUPTED" : "TERMINATED", message);
  } finally {
    stopListening();
    reporter.finish();
  }
}

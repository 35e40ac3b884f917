import { parseTimeout } from "../build/index.ts";
import { ComposerError, type EventSink, isComposerError, type Step } from "../core/index.ts";
import { type EndingSignal, exitAfterGrace, type Host, watchEndingSignals } from "../host/index.ts";

/** What can end a build before it is done, and what is said about it. */
export interface BuildEnding {
  /** Fires when the build shall end. */
  readonly signal: AbortSignal;
  /** To be called for each step that starts. */
  readonly onStep: (step: Step<unknown>) => void;
  /** To be called when something of the build stays. */
  readonly onKept: (directory: string) => void;
  /** What the build's failure really was, and what to do. */
  readonly errorFor: (error: unknown) => unknown;
  /** Stops the clock. */
  readonly stop: () => void;
}

/**
 * Watches for ending signals, and the time.
 *
 * @param timeout for example `30m`
 */
export function watchBuild(host: Host, emit: EventSink, timeout: string | undefined): BuildEnding {
  const build = new AbortController();
  const clock = new AbortController();
  let received: EndingSignal | undefined;
  let hasTimedOut = false;
  let current: Step<unknown> | undefined;
  let keptIn: string | undefined;

  watchEndingSignals((signal) => {
    if (!hasTimedOut) received = signal;
    build.abort();
  });
  const expire = (): void => {
    if (received !== undefined || clock.signal.aborted) return;
    hasTimedOut = true;
    emit({ type: "info", message: `The build has taken ${timeout}: it is ended` });
    exitAfterGrace(1);
    build.abort();
  };
  const timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
  // Stopping the clock rejects.
  if (timeoutMs !== undefined) host.clock.sleep(timeoutMs, clock.signal).then(expire, () => undefined);

  const early = (): ComposerError | undefined => {
    const rest = keptIn === undefined ? "; nothing unfinished was kept" : "";
    if (hasTimedOut) {
      const place = current === undefined ? "it had not begun" : `it was in ${describe(current)}`;
      return new ComposerError("BUILD_TIMEOUT", `Cannot finish the build within ${timeout}: ${place}${rest}`, {
        hint: "Start it again, what was finished is reused; or allow more time with --timeout",
      });
    }
    if (received === undefined) return undefined;
    const code = received === "SIGINT" ? "INTERRUPTED" : "TERMINATED";
    return new ComposerError(code, `The build was ended by ${received}${rest}`);
  };

  return {
    signal: build.signal,
    onStep: (step) => (current = step),
    onKept: (directory) => {
      keptIn = directory;
      emit({ type: "info", message: `The root tree is kept in "${directory}/.trees/root"` });
    },
    errorFor: (error) => withKept(early() ?? error, keptIn),
    stop: () => clock.abort(),
  };
}

function describe({ stage, name, title }: Step<unknown>): string {
  return `the stage "${stage}", step "${name}"${title === undefined ? "" : ` (${title})`}`;
}

function keptText(directory: string): string {
  return `The root tree is kept in "${directory}/.trees/root", unfinished files beside it under names that begin with a dot; "os-image-composer cache clean --workspace" removes them`;
}

function withKept(error: unknown, directory: string | undefined): unknown {
  if (directory === undefined || !isComposerError(error)) return error;
  const { code, message, position, details, cause } = error;
  const hint = error.hint === undefined ? keptText(directory) : `${error.hint}. ${keptText(directory)}`;
  return new ComposerError(code, message, { hint, details, cause, ...(position === undefined ? {} : { position }) });
}

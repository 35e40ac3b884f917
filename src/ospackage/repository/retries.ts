import { ComposerError, type EventSink, noEvents } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";

export interface RetryOptions {
  /** How often to try; 4 times when absent. */
  readonly attempts?: number;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;

/** A failure that may go away. */
export class Temporary extends Error {
  readonly final: ComposerError;
  readonly delayMs: number | undefined;

  /** @param delayMs what the server asked for; absent: longer from attempt to attempt */
  constructor(final: ComposerError, delayMs?: number) {
    super(final.message);
    this.final = final;
    this.delayMs = delayMs;
  }
}

/**
 * Tries again after {@link Temporary} failures, with growing delays.
 *
 * @throws what the last attempt threw @throws {INTERRUPTED} `signal` fired
 */
export async function withRetries<T>(
  host: Pick<Host, "clock">,
  { attempts = ATTEMPTS, emit = noEvents, signal }: RetryOptions,
  attemptOnce: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal);
    try {
      return await attemptOnce();
    } catch (error) {
      throwIfAborted(signal);
      if (attempt >= attempts || !(error instanceof Temporary)) throw error instanceof Temporary ? error.final : error;
      const delayMs = Math.min(error.delayMs ?? FIRST_DELAY_MS * 2 ** (attempt - 1), LONGEST_DELAY_MS);
      emit({ type: "debug", message: `${error.final.message}; trying again in ${delayMs / 1000} s` });
      await sleep(host, delayMs, signal);
    }
  }
}

/** @throws {INTERRUPTED} */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
}

async function sleep(
  { clock }: Pick<Host, "clock">,
  durationMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

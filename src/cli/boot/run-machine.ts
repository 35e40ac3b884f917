import { ComposerError } from "../../core/index.ts";
import type { AttachedProcess, StartAttached } from "../../host/index.ts";
import { createExpectation } from "./expectation.ts";

export interface ExpectedBoot {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly text: string;
  readonly timeoutMs: number;
  /** Gets the serial line as it comes. */
  readonly onOutput: (chunk: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs a machine until `text` appears on its serial line, then ends it.
 *
 * @throws {BOOT_EXPECTATION_FAILED} the time was over, or the machine ended; the details are the last lines
 * @throws {INTERRUPTED} `signal` fired
 */
export async function runUntilExpected(start: StartAttached, boot: ExpectedBoot): Promise<void> {
  const { text, timeoutMs, onOutput } = boot;
  const expectation = createExpectation(text);
  const appeared = Promise.withResolvers<void>();
  let found = false;
  const machine = start({
    argv: boot.argv,
    ...(boot.env === undefined ? {} : { env: boot.env }),
    onOutput: (chunk) => {
      if (found) return;
      onOutput(chunk);
      if (!expectation.add(chunk)) return;
      found = true;
      appeared.resolve();
    },
  });
  const end = await firstOf(machine, appeared.promise, timeoutMs, boot.signal);
  await machine.stop();
  // A machine may say the word and end at once; a terminal's Ctrl-C ends it before we hear of it.
  if (found) return;
  if (boot.signal.aborted) throw new ComposerError("INTERRUPTED", "Interrupted");
  const state = end === "timeout" ? `it did not appear within ${timeoutMs / 1000} s` : `the machine ended (${end})`;
  throw new ComposerError("BOOT_EXPECTATION_FAILED", `Cannot find "${text}" on the serial line: ${state}`, {
    details: expectation.lastLines(),
  });
}

/** What came first: the text, the end of the machine (in words), the end of the time, or a signal. */
async function firstOf(
  machine: AttachedProcess,
  appeared: Promise<void>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string> {
  const cutOff = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([cutOff, signal]);
  const aborted = Promise.withResolvers<string>();
  const onAbort = (): void => aborted.resolve(signal.aborted ? "interruption" : "timeout");
  either.addEventListener("abort", onAbort, { once: true });
  if (either.aborted) onAbort();
  try {
    return await Promise.race([
      appeared.then(() => "appeared"),
      machine.ended.then(({ exitCode, signal: killer }) => killer ?? `exit code ${exitCode ?? 0}`),
      aborted.promise,
    ]);
  } finally {
    either.removeEventListener("abort", onAbort);
  }
}

/**
 * Runs a machine on our own terminal until it ends.
 *
 * @throws {HOST_PROGRAM_FAILED} QEMU failed @throws {INTERRUPTED} `signal` fired
 */
export async function runAttached(
  start: StartAttached,
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const machine = start({ argv, env });
  const stop = (): void => void machine.stop();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const { exitCode, signal: killer } = await machine.ended;
    if (signal.aborted) throw new ComposerError("INTERRUPTED", "Interrupted");
    if (exitCode === 0) return;
    const how = killer === null ? `exit code ${exitCode ?? 0}` : `signal ${killer}`;
    throw new ComposerError("HOST_PROGRAM_FAILED", `Cannot run "${argv[0]}": it ended with ${how}`);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

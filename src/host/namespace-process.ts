import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import process from "node:process";

/** Signals that end a build; the inner process is told about them through its control pipe. */
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type EndingSignal = (typeof ENDING_SIGNALS)[number];

const CONTROL_FD = 3;

/** What the inner half says when it ends by itself: `unshare` gives the same exit code for a bug and for a kill. */
const ENDED = "ended\n";

/** Exit code of a half that was killed: 128 plus the number of SIGKILL. */
export const KILLED_EXIT_CODE = 137;

/**
 * Runs this program's inner half with the terminal as it is, and waits for it.
 *
 * Signals that would end this process are passed on instead. The inner half also ends when this process is killed: its
 * end of the control pipe closes, and `setpriv --pdeathsig` in `argv` ends the rest.
 *
 * @returns the exit code; {@link KILLED_EXIT_CODE} when it was killed
 */
export async function runInnerProcess(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const [program, ...args] = argv;
  const child = spawn(program, args, { env, stdio: ["inherit", "inherit", "inherit", "pipe"] });
  const control = child.stdio[CONTROL_FD] as Socket;
  let hasEnded = false;
  control.on("error", () => undefined).on("data", () => (hasEnded = true));
  const forward = (signal: NodeJS.Signals): void => void control.write(`${signal}\n`);
  for (const signal of ENDING_SIGNALS) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        const wasKilled = code === null || (code === 1 && !hasEnded);
        resolve(wasKilled ? KILLED_EXIT_CODE : code);
      });
    });
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, forward);
  }
}

/** How long an ending program may clean up; the kernel removes the trees with the namespaces. */
const GRACE_MS = 30_000;
const TOO_SLOW = `ERROR: Cannot clean up within ${GRACE_MS / 1000} seconds: unfinished files may be left
hint: "os-image-composer cache clean --workspace" removes them
`;

/**
 * For the inner half: calls `onSignal` once when it is asked to end, directly or through the control pipe, and ends the
 * program when it is still there half a minute later. Ends it at once when the outer process is gone.
 */
export function watchEndingSignals(onSignal: (signal: EndingSignal) => void): void {
  let isEnding = false;
  const end = (signal: EndingSignal): void => {
    // A terminal sends Ctrl-C to both halves, and the outer one passes it on: the same wish, told twice.
    if (isEnding) return;
    isEnding = true;
    onSignal(signal);
    exitAfterGrace(signal === "SIGINT" ? 130 : 143);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, () => end(signal));

  // Only listened to: it must not keep a finished program alive.
  const control = new Socket({ fd: CONTROL_FD, readable: true, writable: false }).unref();
  control.on("data", (text) => {
    for (const word of String(text).split("\n")) {
      const signal = ENDING_SIGNALS.find((known) => known === word);
      if (signal !== undefined) end(signal);
    }
  });
  const outerIsGone = (): never => process.exit(KILLED_EXIT_CODE);
  control.on("end", outerIsGone).on("error", outerIsGone);
  process.on("exit", sayEnded);
}

/** Ends the program with this code when it is still there half a minute later, and says so. */
export function exitAfterGrace(exitCode: number): void {
  const end = (): never => {
    process.stderr.write(TOO_SLOW);
    process.exit(exitCode);
  };
  setTimeout(end, GRACE_MS).unref();
}

function sayEnded(): void {
  try {
    writeSync(CONTROL_FD, ENDED);
  } catch {
    // Nobody is left to be told.
  }
}

/** True when this process is the first of its PID namespace, as the inner half is. */
export function isFirstProcess(): boolean {
  return process.pid === 1;
}

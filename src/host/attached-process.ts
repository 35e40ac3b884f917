import { spawn } from "node:child_process";
import { ComposerError } from "../core/index.ts";

/** A program that runs beside this one and is talked to while it runs. */
export interface AttachedCommand {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment; PATH and LANG are set when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets what the program writes to standard output and error; without it the program has our own streams, input too. */
  readonly onOutput?: (chunk: Uint8Array) => void;
}

export interface AttachedProcess {
  /** Settles when the program has ended and all its output was delivered. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
  /** Asks the program to end, kills it when it doesn't within five seconds, and waits. */
  stop(): Promise<void>;
}

export type StartAttached = (command: AttachedCommand) => AttachedProcess;

const DEFAULT_ENV = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
const PATIENCE_MS = 5_000;

/**
 * Starts a program that ends with this one, even when this one is killed.
 *
 * @returns `ended` rejects with HOST_TOOL_MISSING when the host has no setpriv; a missing program is exit code 127
 */
export const startAttached: StartAttached = ({ argv, env, onOutput }) => {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...argv], {
    env: { ...DEFAULT_ENV, ...env },
    stdio: onOutput === undefined ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  if (onOutput !== undefined) {
    child.stdout?.on("data", onOutput);
    child.stderr?.on("data", onOutput);
  }
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => reject(cause.code === "ENOENT" ? missing(cause) : cause));
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      child.kill("SIGTERM");
      const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      await ended.catch(() => undefined);
      clearTimeout(impatience);
    },
  };
};

function missing(cause: unknown): ComposerError {
  return new ComposerError("HOST_TOOL_MISSING", 'Cannot run "setpriv": it is not installed on this host', {
    hint: 'Install the package "util-linux" and try again',
    cause,
  });
}

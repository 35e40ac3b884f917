import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { ComposerError, type EventSink, noEvents } from "../core/index.ts";
import { FREE_SPACE_HINT } from "./files.ts";

/** A program to run: never a shell string. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment; nothing of ours is passed on. PATH and LANG are set when absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What the program reads from standard input; closed at once when absent. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Exit codes that are no failure; 0 when absent. */
  readonly okExitCodes?: readonly number[];
  /** Called for every line that the program writes, as it comes. */
  readonly onLine?: (line: string) => void;
  /** What messages call the program when `argv` begins with one that only starts it. */
  readonly name?: string;
  /** The package that brings the program, for the message when it is missing. */
  readonly package?: string;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface ProcessRunner {
  /**
   * Runs a program to its end.
   *
   * @throws {HOST_TOOL_MISSING} the program is not on this host
   * @throws {HOST_PROGRAM_FAILED} it ended with another exit code, or by a signal; the details are its last lines
   * @throws {HOST_DISK_FULL} likewise, and its last lines say that no space is left
   * @throws {HOST_PROGRAM_TIMEOUT} it ran longer than `timeoutMs`
   * @throws {INTERRUPTED} `signal` fired
   */
  run(command: Command): Promise<CommandResult>;
  /** Runs a program and gives what it writes to standard output, piece by piece; fails like {@link run}, at the end. */
  stream(command: Command): AsyncIterable<Uint8Array>;
}

const DEFAULT_ENV = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
const CAPTURE_LIMIT = 16 * 1024 * 1024;
const DETAIL_LINES = 30;

/** Runs programs as children of this process; reports each as an event. */
export function createProcessRunner(emit: EventSink = noEvents): ProcessRunner {
  return {
    async run(command) {
      const captured = capture(command.onLine);
      const exitCode = await execute(command, emit, captured.stdout, captured.stderr);
      captured.end();
      return { stdout: captured.stdoutText(), stderr: captured.stderrText(), exitCode };
    },
    stream: (command) => streamOf(command, emit),
  };
}

async function* streamOf(command: Command, emit: EventSink): AsyncGenerator<Uint8Array> {
  const child = start(command);
  const errors = tail();
  child.stderr.on("data", (chunk: Buffer) => errors.add(chunk));
  const ended = outcome(command, child, emit, errors.text);
  const fed = feed(command, child);
  const finished = Promise.all([fed, ended]);
  finished.catch(() => undefined);
  let complete = false;
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    complete = true;
  } finally {
    if (!complete) {
      child.kill("SIGKILL");
      await finished.catch(() => undefined);
    }
  }
  await finished;
}

async function execute(
  command: Command,
  emit: EventSink,
  onStdout: (chunk: Buffer) => void,
  onStderr: (chunk: Buffer) => void,
): Promise<number> {
  const child = start(command);
  const lastLines = tail();
  const collect = (stream: Readable, sink: (chunk: Buffer) => void): void => {
    stream.on("data", (chunk: Buffer) => {
      lastLines.add(chunk);
      sink(chunk);
    });
  };
  collect(child.stdout, onStdout);
  collect(child.stderr, onStderr);
  const ended = outcome(command, child, emit, lastLines.text);
  await Promise.all([feed(command, child), ended]);
  return ended;
}

type Child = ReturnType<typeof start>;

function start(command: Command) {
  const [program, ...args] = command.argv;
  return spawn(program, args, {
    env: { ...DEFAULT_ENV, ...command.env },
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

async function feed(command: Command, child: Child): Promise<void> {
  // A program may end before it has read everything (EPIPE); its exit code tells whether that was a failure.
  child.stdin.on("error", () => undefined);
  const { input } = command;
  if (input === undefined || typeof input === "string" || input instanceof Uint8Array) {
    child.stdin.end(input);
    return;
  }
  try {
    for await (const chunk of input) {
      if (child.stdin.destroyed) return;
      if (!child.stdin.write(chunk)) await drained(child);
    }
    child.stdin.end();
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

async function drained(child: Child): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      child.stdin.off("drain", done).off("close", done);
      resolve();
    };
    child.stdin.once("drain", done).once("close", done);
  });
}

async function outcome(command: Command, child: Child, emit: EventSink, lastLines: () => string[]): Promise<number> {
  const [starter] = command.argv;
  const program = command.name ?? starter;
  const startedMs = performance.now();
  let timedOut = false;
  const timer =
    command.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          child.kill("SIGKILL");
        }, command.timeoutMs);
  const abort = (): void => void child.kill("SIGKILL");
  command.signal?.addEventListener("abort", abort, { once: true });
  if (command.signal?.aborted === true) abort();
  try {
    const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
      (resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) => resolve({ code, signal }));
      },
    );
    const exitCode = code ?? 128;
    emit({ type: "command-finished", argv: command.argv, exitCode, durationMs: performance.now() - startedMs });
    if (command.signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    if (timedOut) {
      throw new ComposerError(
        "HOST_PROGRAM_TIMEOUT",
        `Cannot finish "${program}": it ran longer than ${(command.timeoutMs ?? 0) / 1000} s`,
        { details: lastLines() },
      );
    }
    if (signal !== null || !(command.okExitCodes ?? [0]).includes(exitCode)) {
      throw failure(program, signal === null ? `exit code ${exitCode}` : `signal ${signal}`, lastLines());
    }
    return exitCode;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new ComposerError("HOST_TOOL_MISSING", `Cannot run "${starter}": it is not installed on this host`, {
        hint: `Install ${command.package === undefined ? "it" : `the package "${command.package}"`} and try again`,
        cause: error,
      });
    }
    throw error;
  } finally {
    clearTimeout(timer);
    command.signal?.removeEventListener("abort", abort);
  }
}

function failure(program: string, how: string, details: readonly string[]): ComposerError {
  if (!details.some((line) => line.includes("No space left on device"))) {
    return new ComposerError("HOST_PROGRAM_FAILED", `Cannot run "${program}": it ended with ${how}`, { details });
  }
  const message = `Cannot run "${program}": no space is left on the file system that it writes to`;
  return new ComposerError("HOST_DISK_FULL", message, { details, hint: FREE_SPACE_HINT });
}

function capture(onLine: ((line: string) => void) | undefined) {
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  let size = 0;
  let partialLine = "";
  const add = (into: Buffer[]) => (chunk: Buffer) => {
    if (size < CAPTURE_LIMIT) into.push(chunk);
    size += chunk.length;
    if (onLine === undefined) return;
    const lines = (partialLine + chunk.toString("utf8")).split("\n");
    partialLine = lines.pop() ?? "";
    lines.forEach(onLine);
  };
  return {
    stdout: add(chunks.stdout),
    stderr: add(chunks.stderr),
    end: () => {
      if (partialLine !== "") onLine?.(partialLine);
    },
    stdoutText: () => Buffer.concat(chunks.stdout).toString("utf8"),
    stderrText: () => Buffer.concat(chunks.stderr).toString("utf8"),
  };
}

/** Keeps the last lines of what a program wrote, for the details of an error. */
function tail() {
  let text = "";
  return {
    add: (chunk: Buffer) => {
      text = (text + chunk.toString("utf8")).slice(-16 * 1024);
    },
    text: () =>
      text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(-DETAIL_LINES),
  };
}

import { type ChildProcess, spawn } from "node:child_process";
import { withoutSequences } from "../../../src/cli/boot/expectation.ts";

export interface SerialSessionOptions {
  /** For example `["./os-image-composer", "boot", image]`. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A running machine whose serial line is this session's. */
export interface SerialSession {
  /** Everything so far, without terminal sequences; standard error too. */
  readonly transcript: string;
  /**
   * Waits until the text appears after what was waited for before.
   *
   * @returns the match; rejects, with the last lines, when the time is over or the machine has ended
   */
  waitFor(expected: string | RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Types a line. */
  send(line: string): void;
  /** Ends the machine and waits for it. @returns the exit code, or the signal's name */
  close(): Promise<number | string>;
}

const PATIENCE_MS = 60_000;
const SHOWN_LINES = 40;

/** Starts a program and talks with it as a person at a terminal would. */
export function openSerialSession({ argv, cwd, env }: SerialSessionOptions): SerialSession {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: env ?? process.env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let raw = "";
  let position = 0;
  let end: string | undefined;
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watcher of watchers) watcher();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      raw += text;
      notify();
    });
  }
  child.stdin.on("error", () => undefined);
  child.once("error", (error) => {
    end = error.message;
    notify();
  });
  const closed = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      end ??= signal === null ? `exit code ${code}` : `signal ${signal}`;
      notify();
      resolve(signal ?? code ?? 0);
    });
  });

  // A sequence may still be cut in two at the very end, and would move what comes after it.
  const text = (): string => withoutSequences(raw);

  return {
    get transcript() {
      return text();
    },
    waitFor: (expected, timeoutMs) =>
      new Promise((resolve, reject) => {
        const pattern =
          typeof expected === "string" ? new RegExp(expected.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : expected;
        const failWith = (state: string): void => {
          stop();
          const lines = text().split("\n").slice(-SHOWN_LINES).join("\n");
          reject(new Error(`Cannot find ${pattern} on the serial line: ${state}\n${lines}`));
        };
        const look = (): void => {
          const shown = text();
          const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, "")).exec(shown.slice(position));
          if (match !== null) {
            position += match.index + match[0].length;
            stop();
            resolve(match);
          } else if (end !== undefined) failWith(`the program ended (${end})`);
        };
        const timer = setTimeout(() => failWith(`it did not appear within ${timeoutMs / 1000} s`), timeoutMs);
        const stop = (): void => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
    send: (line) => void child.stdin.write(`${line}\n`),
    close: () => close(child, closed),
  };
}

async function close(child: ChildProcess, closed: Promise<number | string>): Promise<number | string> {
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  try {
    return await closed;
  } finally {
    clearTimeout(impatience);
  }
}

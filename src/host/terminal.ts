import process from "node:process";
import type { WriteStream } from "node:tty";

/** Where people read: a terminal, or the pipe or file in its place. */
export interface Terminal {
  readonly isTerminal: boolean;
  /** The width now; 80 where there is no terminal. */
  readonly columns: number;
  write(text: string): void;
  /** @returns a function that stops listening */
  onResize(listener: () => void): () => void;
  /** Calls `listener` again and again, without keeping the program alive. @returns a function that stops it */
  onTick(intervalMs: number, listener: () => void): () => void;
}

const DEFAULT_COLUMNS = 80;

/** The terminal behind standard error. */
export function standardErrorTerminal(): Terminal {
  return terminalOf(process.stderr);
}

/** The terminal behind standard output. */
export function standardOutputTerminal(): Terminal {
  return terminalOf(process.stdout);
}

function terminalOf(stream: WriteStream): Terminal {
  // A reader that went away (EPIPE) is no reason to stop a build.
  stream.on("error", () => undefined);
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS;
    },
    write: (text) => void stream.write(text),
    onResize: (listener) => {
      stream.on("resize", listener);
      return () => void stream.off("resize", listener);
    },
    onTick: (intervalMs, listener) => {
      const timer = setInterval(listener, intervalMs).unref();
      return () => clearInterval(timer);
    },
  };
}

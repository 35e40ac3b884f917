import type { Terminal } from "../../host/index.ts";

/**
 * A status line at the bottom of a terminal, with ordinary lines scrolling above it.
 *
 * The cursor is never hidden and no mode of the terminal is changed: a program that is killed leaves nothing to restore.
 */
export interface LiveScreen {
  /** Puts whole lines above the status. */
  print(text: string): void;
  /** Redraws the status when it changed. */
  setStatus(line: string): void;
  clear(): void;
}

const ERASE_LINE = "\r\u001b[K";
const BOLD = "\u001b[1m";
const PLAIN = "\u001b[22m";

export function createLiveScreen(terminal: Terminal, colour: boolean): LiveScreen {
  let status = "";

  // A narrower terminal may have wrapped the status: what is left of it stays, since going up could erase log lines.
  const erase = (): string => (status === "" ? "" : ERASE_LINE);

  return {
    print: (text) => terminal.write(`${erase()}${text}${decorate(status, colour)}`),
    setStatus: (line) => {
      if (line === status) return;
      const erased = erase();
      status = line;
      terminal.write(`${erased}${decorate(line, colour)}`);
    },
    clear: () => {
      terminal.write(erase());
      status = "";
    },
  };
}

/** The stage in bold. */
function decorate(line: string, colour: boolean): string {
  return colour ? line.replace(/^\[[^\]]*\]/, (stage) => `${BOLD}${stage}${PLAIN}`) : line;
}

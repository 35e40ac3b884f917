import { describe, expect, it } from "vitest";
import type { BuildEvent } from "../../core/index.ts";
import type { LogFile, Terminal } from "../../host/index.ts";
import { createReporter, type Reporter, type ReporterOptions } from "./create-reporter.ts";

const MIB = 1024 ** 2;

const download = (done: number): BuildEvent => ({
  type: "progress",
  stage: "packages",
  activity: "Downloading packages",
  done,
  total: 245,
  bytesDone: Math.round((98 * MIB * done) / 245),
  bytesTotal: 98 * MIB,
});

interface Bench {
  readonly reporter: Reporter;
  readonly written: () => string;
  readonly logged: () => string;
  readonly terminal: { columns: number };
  /** Moves the clock; a live view is redrawn as often as it asked for. */
  readonly pass: (durationMs: number) => void;
  readonly resize: (columns: number) => void;
  readonly listeners: () => number;
}

function bench(options: Partial<ReporterOptions> = {}, { isTerminal = false, columns = 100 } = {}): Bench {
  let nowMs = 0;
  let written = "";
  let logged = "";
  const ticks = new Map<() => void, number>();
  const resizes = new Set<() => void>();
  const terminal = {
    isTerminal,
    columns,
    write: (text: string) => void (written += text),
    onResize: (listener: () => void) => {
      resizes.add(listener);
      return () => void resizes.delete(listener);
    },
    onTick: (intervalMs: number, listener: () => void) => {
      ticks.set(listener, intervalMs);
      return () => void ticks.delete(listener);
    },
  } satisfies Terminal;
  const logFile: LogFile = { append: (text) => void (logged += text), close: () => undefined };
  const clock = { nowMs: () => Date.UTC(2026, 0, 1) + nowMs, monotonicMs: () => nowMs };
  const reporter = createReporter({ terminal, mode: "auto", level: "info", clock, logFile, ...options });
  return {
    reporter,
    written: () => written,
    logged: () => logged,
    terminal,
    pass: (durationMs) => {
      for (const endMs = nowMs + durationMs; nowMs < endMs;) {
        nowMs += 10;
        for (const [tick, intervalMs] of ticks) if (nowMs % intervalMs === 0) tick();
      }
    },
    resize: (wide) => {
      terminal.columns = wide;
      for (const listener of resizes) listener();
    },
    listeners: () => ticks.size + resizes.size,
  };
}

describe("createReporter() in plain mode", () => {
  it("writes the documented log lines", () => {
    const { reporter, written } = bench();
    reporter.emit({ type: "info", message: "Loading template: my-template.yml" });
    reporter.emit({ type: "stage-started", stage: "packages" });
    reporter.emit({ type: "step-finished", stage: "packages", step: "index", durationMs: 3, reused: true });
    reporter.emit({ type: "step-started", stage: "packages", step: "lock", title: "Resolving dependencies" });
    reporter.emit({ type: "step-finished", stage: "packages", step: "lock", durationMs: 1234, reused: false });
    reporter.emit({ type: "warning", stage: "packages", code: "RETRY", message: "Trying again" });
    reporter.emit({ type: "artifact", path: "workspace/a.raw", sizeBytes: 4 * 1024 * MIB, sha256: "0" });
    expect(written()).toMatchInlineSnapshot(`
      "INFO: Loading template: my-template.yml
      INFO: [Packages] Reusing index
      INFO: [Packages] Resolving dependencies
      WARN: [Packages] Trying again
      INFO: Output image: workspace/a.raw (4.0 GiB)
      "
    `);
  });

  it("writes progress at its beginning, every five seconds and at its end", () => {
    const { reporter, written, pass } = bench();
    for (let done = 0; done <= 245; done += 1) {
      reporter.emit(download(done));
      pass(50);
    }
    reporter.emit(download(245));
    expect(written()).toMatchInlineSnapshot(`
      "INFO: [Packages] Downloading packages (0/245, 0 B of 98 MiB)
      INFO: [Packages] Downloading packages (100/245, 40 MiB of 98 MiB)
      INFO: [Packages] Downloading packages (200/245, 80 MiB of 98 MiB)
      INFO: [Packages] Downloading packages (245/245, 98 MiB of 98 MiB)
      "
    `);
  });

  it("shows commands, quoted for a shell, at level debug only, but always in the log file", () => {
    const command: BuildEvent = {
      type: "command-finished",
      argv: ["mke2fs", "-L", "it's root", "/tmp/a.raw"],
      exitCode: 0,
      durationMs: 1250,
    };
    const quiet = bench();
    quiet.reporter.emit(command);
    expect(quiet.written()).toBe("");
    const line = "DEBUG: Ran mke2fs -L 'it'\\''s root' /tmp/a.raw (exit code 0, 1.3 s)\n";
    expect(quiet.logged()).toBe(line);
    const verbose = bench({ level: "debug" });
    verbose.reporter.emit(command);
    expect(verbose.written()).toBe(line);
  });

  it("lets no secret, control character or forged line through", () => {
    const { reporter, written, logged } = bench({ secrets: ["hunter2"] });
    const message = "http://me:pw@host/x\u001b[2J\nINFO: forged hunter2";
    reporter.emit({ type: "info", message });
    expect(written()).toBe("INFO: http://***@host/x\\x1b[2J\\nINFO: forged ***\n");
    expect(logged()).toBe(written());
  });

  it("goes on with one warning when the log file can't be written", () => {
    const broken: LogFile = {
      append: () => {
        throw new Error('Cannot write "a.log": no space');
      },
      close: () => undefined,
    };
    const { reporter, written } = bench({ logFile: broken });
    reporter.emit({ type: "info", message: "one" });
    reporter.emit({ type: "info", message: "two" });
    reporter.finish();
    expect(written()).toBe('WARN: Cannot write "a.log": no space; the log file ends here\nINFO: one\nINFO: two\n');
  });
});

describe("createReporter() in json mode", () => {
  it("writes one event a line, redacted", () => {
    const { reporter, written } = bench({ mode: "json" });
    reporter.emit({ type: "stage-started", stage: "packages" });
    reporter.emit({ type: "debug", message: "not at this level" });
    reporter.emit({ type: "info", message: "from https://u:p@h/\n\u202e" });
    expect(written()).toMatchInlineSnapshot(`
      "{"time":"2026-01-01T00:00:00.000Z","type":"stage-started","stage":"packages"}
      {"time":"2026-01-01T00:00:00.000Z","type":"info","message":"from https://***@h/\\n\\u202e"}
      "
    `);
  });
});

describe("createReporter() in none mode", () => {
  it("writes warnings only", () => {
    const { reporter, written } = bench({ mode: "none" }, { isTerminal: true });
    reporter.emit({ type: "info", message: "one" });
    reporter.emit(download(1));
    reporter.emit({ type: "warning", code: "FOREIGN_KEYS", message: "keys" });
    expect(written()).toBe("WARN: keys\n");
  });
});

describe("createReporter() on a terminal", () => {
  it("redraws one status line at most ten times a second", () => {
    const { reporter, written, pass } = bench({}, { isTerminal: true });
    reporter.emit({ type: "stage-started", stage: "packages" });
    for (let done = 0; done < 200; done += 1) {
      reporter.emit(download(done));
      pass(10);
    }
    const redraws = written().split("\r").length - 1;
    expect(redraws).toBeGreaterThan(5);
    expect(redraws).toBeLessThanOrEqual(20);
    expect(written()).not.toContain("\n");
  });

  it("scrolls log lines above the status, and leaves a clean line and no listener behind", () => {
    const { reporter, written, pass, listeners } = bench(
      { variables: { NO_COLOR: "1", TERM: "xterm" } },
      { isTerminal: true },
    );
    reporter.emit({ type: "step-started", stage: "compose", step: "disk", title: "Creating partitions" });
    pass(1000);
    reporter.emit({ type: "warning", code: "TREE_ON_DISK", message: "low memory" });
    reporter.finish();
    expect(screenOf(written())).toEqual(["INFO: [Compose] Creating partitions", "WARN: low memory", ""]);
    expect(written()).toContain("[Compose] Creating partitions  0:01");
    expect(written()).not.toContain("\u001b[1m");
    expect(written()).not.toContain("\u001b[?25l");
    expect(listeners()).toBe(0);
    reporter.emit({ type: "info", message: "afterwards" });
    expect(written().endsWith("INFO: afterwards\n")).toBe(true);
  });

  it("never erases a row above, and fits the status into a narrower terminal", () => {
    const { reporter, written, pass, resize } = bench({}, { isTerminal: true, columns: 100 });
    for (const done of [1, 40]) {
      reporter.emit(download(done));
      pass(1500);
    }
    const before = written().length;
    resize(20);
    expect(written().slice(before)).toBe("\r\u001b[K\u001b[1m[Packages]\u001b[22m Downloa…");
  });

  it("writes plain lines to a dumb terminal", () => {
    const { reporter, written, pass } = bench({ variables: { TERM: "dumb" } }, { isTerminal: true });
    reporter.emit({ type: "info", message: "one" });
    pass(1000);
    expect(written()).toBe("INFO: one\n");
  });

  it("prints a finished text above the status and without colours to the log", () => {
    const { reporter, written, logged, pass } = bench({}, { isTerminal: true });
    pass(200);
    reporter.print("\u001b[31mERROR\u001b[0m: at http://u:p@h/");
    expect(screenOf(written()).at(0)).toBe("\u001b[31mERROR\u001b[0m: at http://***@h/");
    expect(logged()).toBe("ERROR: at http://***@h/\n");
  });
});

/** The rows that a terminal shows after `text`: knows line breaks and the erasing of a row. */
function screenOf(text: string): string[] {
  const rows = [""];
  for (const piece of text.split(/(\n|\r\u001b\[K)/)) {
    if (piece === "\n") rows.push("");
    else if (piece === "\r\u001b[K") rows[rows.length - 1] = "";
    else rows[rows.length - 1] += piece;
  }
  return rows;
}

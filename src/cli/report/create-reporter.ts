import { type BuildEvent, type EventSink, messageOf } from "../../core/index.ts";
import type { Clock, LogFile, Terminal } from "../../host/index.ts";
import { formatJsonLine } from "./json-line.ts";
import { createLiveScreen } from "./live-screen.ts";
import { initialStatus, nextStatus, renderStatus } from "./live-status.ts";
import { formatLogLine, isShown, type LogLevel, type LogLine, logLineOf } from "./log-line.ts";
import { createProgressFilter } from "./progress-filter.ts";
import { escapeControls, redact } from "./redact.ts";

export const PROGRESS_MODES = ["auto", "plain", "json", "none"] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface ReporterOptions {
  /** Standard error. */
  readonly terminal: Terminal;
  /** `auto`: a live status line on a terminal, else plain lines. `none`: warnings only. */
  readonly mode: ProgressMode;
  /** The lowest level that is shown on the terminal; a log file always gets everything. */
  readonly level: LogLevel;
  readonly logFile?: LogFile;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  /** `NO_COLOR` and `TERM` are read from it. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Texts that are never shown, besides what looks like a secret. */
  readonly secrets?: readonly string[];
}

/** Turns events into what a person or a program reads on standard error. */
export interface Reporter {
  readonly emit: EventSink;
  /** Writes finished text, such as a rendered error, above the status line and to the log file; secrets are redacted. */
  print(text: string): void;
  /** Removes the status line and closes the log file; events that come later are written as plain lines. */
  finish(): void;
}

/** One of the ways to show events on the terminal. */
interface View {
  show(event: BuildEvent): void;
  print(text: string): void;
  finish(): void;
}

interface ViewContext extends ReporterOptions {
  /** A text without secrets and control characters. */
  readonly clean: (text: string) => string;
  readonly lineOf: (event: BuildEvent) => LogLine;
}

const PLAIN_INTERVAL_MS = 5_000;
const JSON_INTERVAL_MS = 100;
const REDRAW_INTERVAL_MS = 100;

export function createReporter(options: ReporterOptions): Reporter {
  const secrets = options.secrets ?? [];
  const clean = (text: string): string => escapeControls(redact(text, secrets));
  const lineOf = (event: BuildEvent): LogLine => {
    const { level, text } = logLineOf(event);
    return { level, text: clean(text) };
  };
  const context: ViewContext = { ...options, clean, lineOf };
  let view = createView(context);
  const log = createLog(context, (event) => view.show(event));
  return {
    emit: (event) => {
      log.show(event);
      view.show(event);
    },
    print: (text) => {
      const redacted = redact(text, secrets);
      const block = redacted.endsWith("\n") ? redacted : `${redacted}\n`;
      log.print(block);
      view.print(block);
    },
    finish: () => {
      view.finish();
      log.finish();
      if (!isMachineReadable(options.mode)) view = plainView(context);
    },
  };
}

function createView(context: ViewContext): View {
  switch (context.mode) {
    case "json":
      return jsonView(context);
    case "none":
      return plainView({ ...context, level: isShown(context.level, "warn") ? context.level : "warn" });
    case "plain":
      return plainView(context);
    case "auto":
      return context.terminal.isTerminal && context.variables?.["TERM"] !== "dumb"
        ? liveView(context)
        : plainView(context);
  }
}

function isMachineReadable(mode: ProgressMode): boolean {
  return mode === "json" || mode === "none";
}

function plainView({ terminal, level, clock, lineOf }: ViewContext): View {
  const isDue = createProgressFilter(PLAIN_INTERVAL_MS);
  return {
    show: (event) => {
      if (event.type === "progress" && !isDue(event, clock.monotonicMs())) return;
      const line = lineOf(event);
      if (isShown(line.level, level)) terminal.write(`${formatLogLine(line)}\n`);
    },
    print: (text) => terminal.write(text),
    finish: () => undefined,
  };
}

function jsonView({ terminal, level, clock, secrets }: ViewContext): View {
  const isDue = createProgressFilter(JSON_INTERVAL_MS);
  return {
    show: (event) => {
      if (event.type === "progress" && !isDue(event, clock.monotonicMs())) return;
      // Stages and steps are what a program follows; only what is written for people is cut by level.
      const isForPeople = event.type === "debug" || event.type === "command-finished" || event.type === "info";
      if (isForPeople && !isShown(logLineOf(event).level, level)) return;
      terminal.write(`${formatJsonLine(event, clock.nowMs(), secrets)}\n`);
    },
    print: (text) => terminal.write(text),
    finish: () => undefined,
  };
}

function liveView({ terminal, level, clock, variables, clean, lineOf }: ViewContext): View {
  const colour = (variables?.["NO_COLOR"] ?? "") === "";
  const screen = createLiveScreen(terminal, colour);
  let status = initialStatus(clock.monotonicMs());
  const draw = (): void => {
    const nowMs = clock.monotonicMs();
    // A full last column makes some terminals wrap.
    screen.setStatus(renderStatus(status, terminal.columns - 1, nowMs));
  };
  const stops = [terminal.onTick(REDRAW_INTERVAL_MS, draw), terminal.onResize(draw)];
  return {
    show: (event) => {
      status = nextStatus(status, cleanWords(event, clean), clock.monotonicMs());
      if (event.type === "progress") return;
      const line = lineOf(event);
      if (isShown(line.level, level)) screen.print(`${formatLogLine(line)}\n`);
    },
    print: (text) => screen.print(text),
    finish: () => {
      for (const stop of stops) stop();
      screen.clear();
    },
  };
}

/** The words of an event that the status line shows. */
function cleanWords(event: BuildEvent, clean: (text: string) => string): BuildEvent {
  if (event.type === "step-started") return { ...event, title: clean(event.title) };
  if (event.type === "progress") return { ...event, activity: clean(event.activity) };
  return event;
}

const COLOURS = /\u001b\[[0-9;]*m/g;

/** Writes every event to the log file. A log that can't be written is given up with one warning: the build goes on. */
function createLog({ logFile, clock, lineOf }: ViewContext, warn: EventSink): View {
  const isDue = createProgressFilter(PLAIN_INTERVAL_MS);
  let file = logFile;
  let closed = false;
  const append = (text: string): void => {
    try {
      file?.append(text);
    } catch (error) {
      file = undefined;
      warn({ type: "warning", code: "LOG_FILE", message: `${messageOf(error)}; the log file ends here` });
    }
  };
  return {
    show: (event) => {
      if (event.type === "progress" && !isDue(event, clock.monotonicMs())) return;
      append(`${formatLogLine(lineOf(event))}\n`);
    },
    print: (text) => append(text.replace(COLOURS, "")),
    finish: () => {
      file = undefined;
      if (!closed) logFile?.close();
      closed = true;
    },
  };
}

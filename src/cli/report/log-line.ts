import { type BuildEvent, formatSize, type Stage } from "../../core/index.ts";
import { formatDuration } from "./format-duration.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line of the log, before its level is written in front. */
export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

/** True when a line of `level` is shown by a log that starts at `threshold`. */
export function isShown(level: LogLevel, threshold: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
}

/** `INFO: [Packages] Resolving dependencies`, without a line break. */
export function formatLogLine({ level, text }: LogLine): string {
  return `${level.toUpperCase()}: ${text}`;
}

/** The words of an event; what to leave out is the caller's decision. */
export function logLineOf(event: BuildEvent): LogLine {
  switch (event.type) {
    case "stage-started":
      return { level: "debug", text: inStage(event.stage, "Stage started") };
    case "stage-finished":
      return { level: "debug", text: inStage(event.stage, `Stage finished in ${formatDuration(event.durationMs)}`) };
    case "step-started":
      return { level: "info", text: inStage(event.stage, event.title) };
    case "step-finished":
      return event.reused
        ? { level: "info", text: inStage(event.stage, `Reusing ${event.step}`) }
        : {
            level: "debug",
            text: inStage(event.stage, `Finished ${event.step} in ${formatDuration(event.durationMs)}`),
          };
    case "progress":
      return { level: "info", text: inStage(event.stage, `${event.activity} (${progressOf(event)})`) };
    case "info":
      return { level: "info", text: inStage(event.stage, event.message) };
    case "debug":
      return { level: "debug", text: event.message };
    case "warning":
      return { level: "warn", text: inStage(event.stage, event.message) };
    case "command-finished": {
      const outcome = `exit code ${event.exitCode}, ${formatDuration(event.durationMs)}`;
      return { level: "debug", text: `Ran ${event.argv.map(quoteArgument).join(" ")} (${outcome})` };
    }
    case "artifact":
      return { level: "info", text: `Output image: ${event.path} (${formatSize(event.sizeBytes)})` };
  }
}

/** `120/245, 45 MiB of 98 MiB`; the parts that an event doesn't know are left out. */
export function progressOf(event: Extract<BuildEvent, { type: "progress" }>): string {
  const counts = `${event.done}/${event.total}`;
  if (event.bytesDone === undefined) return counts;
  const bytes = formatSize(event.bytesDone);
  return event.bytesTotal === undefined
    ? `${counts}, ${bytes}`
    : `${counts}, ${bytes} of ${formatSize(event.bytesTotal)}`;
}

/** The name of a stage as the log writes it: `Packages`. */
export function stageTitle(stage: Stage): string {
  return stage.charAt(0).toUpperCase() + stage.slice(1);
}

function inStage(stage: Stage | undefined, text: string): string {
  return stage === undefined ? text : `[${stageTitle(stage)}] ${text}`;
}

/** As a POSIX shell would read it back. */
function quoteArgument(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

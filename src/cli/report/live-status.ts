import { type BuildEvent, formatSize, type Stage } from "../../core/index.ts";
import { formatClock } from "./format-duration.ts";
import { stageTitle } from "./log-line.ts";

type Progress = Extract<BuildEvent, { type: "progress" }>;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly done: number;
}

/** What the status line shows; times are of the monotonic clock. */
export interface LiveStatus {
  readonly startedMs: number;
  readonly stage?: Stage;
  readonly title?: string;
  readonly progress?: Progress;
  /** Progress within the last seconds, oldest first, for rate and remaining time. */
  readonly samples: readonly Sample[];
}

const RATE_WINDOW_MS = 8_000;
const SAMPLE_DISTANCE_MS = 250;

export function initialStatus(startedMs: number): LiveStatus {
  return { startedMs, samples: [] };
}

/** The status after an event. */
export function nextStatus(status: LiveStatus, event: BuildEvent, nowMs: number): LiveStatus {
  const { startedMs } = status;
  switch (event.type) {
    case "stage-started":
      return { startedMs, stage: event.stage, samples: [] };
    case "step-started":
      return { startedMs, stage: event.stage, title: event.title, samples: [] };
    case "progress": {
      const continues = status.progress?.activity === event.activity && status.progress.stage === event.stage;
      const samples = sampled(continues ? status.samples : [], event, nowMs);
      return { startedMs, stage: event.stage, title: event.activity, progress: event, samples };
    }
    default:
      return status;
  }
}

function sampled(samples: readonly Sample[], event: Progress, nowMs: number): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && nowMs - last.atMs < SAMPLE_DISTANCE_MS) return samples;
  const sample = { atMs: nowMs, bytes: event.bytesDone ?? 0, done: event.done };
  return [...samples.filter(({ atMs }) => nowMs - atMs <= RATE_WINDOW_MS), sample];
}

/**
 * The status as one line of at most `columns` characters, without a line break:
 * `[Packages] Downloading packages  120/245  45 MiB of 98 MiB  3.1 MiB/s  ETA 0:17  0:42`.
 *
 * Narrow terminals lose the rate first, then the sizes, the remaining time and the elapsed time; then the words are cut.
 */
export function renderStatus(status: LiveStatus, columns: number, nowMs: number): string {
  const stage = status.stage === undefined ? "" : `[${stageTitle(status.stage)}] `;
  const words = `${stage}${status.title ?? (status.stage === undefined ? "Starting" : "…")}`;
  const { progress } = status;
  const parts: Part[] = [{ text: words, worth: 5 }];
  if (progress !== undefined && progress.total > 0) {
    parts.push({ text: `${progress.done}/${progress.total}`, worth: 4 });
    if (progress.bytesDone !== undefined) parts.push({ text: sizesOf(progress, progress.bytesDone), worth: 1 });
    const rate = ratesOf(status.samples);
    if (rate !== undefined && rate.bytesPerMs > 0 && progress.done < progress.total) {
      parts.push({ text: `${formatSize(Math.round(rate.bytesPerMs * 1000))}/s`, worth: 0 });
    }
    const remainingMs = rate === undefined ? undefined : remaining(progress, rate);
    if (remainingMs !== undefined) parts.push({ text: `ETA ${formatClock(remainingMs)}`, worth: 2 });
  }
  parts.push({ text: formatClock(nowMs - status.startedMs), worth: 3 });
  return fit(parts, columns);
}

interface Part {
  readonly text: string;
  /** The part that is worth least is left out first. */
  readonly worth: number;
}

function fit(parts: readonly Part[], columns: number): string {
  const line = parts.map(({ text }) => text).join("  ");
  if (line.length <= columns) return line;
  if (parts.length <= 1) return columns < 1 ? "" : `${line.slice(0, columns - 1)}…`;
  const least = Math.min(...parts.map(({ worth }) => worth));
  return fit(
    parts.filter(({ worth }) => worth !== least),
    columns,
  );
}

function sizesOf(progress: Progress, bytesDone: number): string {
  const done = formatSize(bytesDone);
  return progress.bytesTotal === undefined ? done : `${done} of ${formatSize(progress.bytesTotal)}`;
}

interface Rates {
  readonly bytesPerMs: number;
  readonly donePerMs: number;
}

function ratesOf(samples: readonly Sample[]): Rates | undefined {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < 1_000) return undefined;
  const durationMs = last.atMs - first.atMs;
  return { bytesPerMs: (last.bytes - first.bytes) / durationMs, donePerMs: (last.done - first.done) / durationMs };
}

/** By bytes where they are known, else by count; undefined while nothing moves. */
function remaining(progress: Progress, rates: Rates): number | undefined {
  if (progress.done >= progress.total) return undefined;
  const { bytesDone, bytesTotal } = progress;
  if (bytesDone !== undefined && bytesTotal !== undefined) {
    return rates.bytesPerMs > 0 ? (bytesTotal - bytesDone) / rates.bytesPerMs : undefined;
  }
  return rates.donePerMs > 0 ? (progress.total - progress.done) / rates.donePerMs : undefined;
}

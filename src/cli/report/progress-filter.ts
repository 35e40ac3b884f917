import type { BuildEvent } from "../../core/index.ts";

type Progress = Extract<BuildEvent, { type: "progress" }>;

/**
 * Picks the progress events that are worth a line: the first of an activity, one every `intervalMs`, and the one that
 * completes it.
 */
export function createProgressFilter(intervalMs: number): (event: Progress, nowMs: number) => boolean {
  const shownMs = new Map<string, number>();
  return (event, nowMs) => {
    const activity = `${event.stage}/${event.activity}`;
    const lastMs = shownMs.get(activity);
    const isComplete = event.done >= event.total;
    // An infinite last time marks an activity that was reported as complete.
    if (lastMs === Number.POSITIVE_INFINITY && isComplete) return false;
    const isDue = lastMs === undefined || lastMs === Number.POSITIVE_INFINITY || nowMs - lastMs >= intervalMs;
    if (!isDue && !isComplete) return false;
    shownMs.set(activity, isComplete ? Number.POSITIVE_INFINITY : nowMs);
    return true;
  };
}

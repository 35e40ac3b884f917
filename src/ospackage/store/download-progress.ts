import type { EventSink } from "../../core/index.ts";
import type { Clock } from "../../host/index.ts";

const INTERVAL_MS = 100;

export interface DownloadProgress {
  addBytes(count: number): void;
  addDone(): void;
}

/** Reports progress as events, at most ten a second; the first and the last are always reported. */
export function createDownloadProgress(
  clock: Pick<Clock, "monotonicMs">,
  emit: EventSink,
  total: number,
  bytesTotal: number,
): DownloadProgress {
  let [done, bytesDone] = [0, 0];
  let reportedMs = Number.NEGATIVE_INFINITY;
  const report = (): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - reportedMs < INTERVAL_MS && done < total) return;
    reportedMs = nowMs;
    emit({ type: "progress", stage: "packages", activity: "Downloading packages", done, total, bytesDone, bytesTotal });
  };
  report();
  return {
    addBytes: (count) => {
      bytesDone += count;
      report();
    },
    addDone: () => {
      done += 1;
      report();
    },
  };
}

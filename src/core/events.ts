/** The documented stages of a build, in order. */
export const STAGES = ["validate", "packages", "compose", "configuration", "sign", "finalize"] as const;
export type Stage = (typeof STAGES)[number];

/** What happens during a build; only `cli/report` turns events into text. */
export type BuildEvent =
  | { readonly type: "stage-started"; readonly stage: Stage }
  | { readonly type: "stage-finished"; readonly stage: Stage; readonly durationMs: number }
  | { readonly type: "step-started"; readonly stage: Stage; readonly step: string; readonly title: string }
  | {
      readonly type: "step-finished";
      readonly stage: Stage;
      readonly step: string;
      readonly durationMs: number;
      /** True when the result of an earlier run was taken instead of running the step. */
      readonly reused: boolean;
    }
  | {
      readonly type: "progress";
      readonly stage: Stage;
      /** What is counted, for example "Downloading packages". */
      readonly activity: string;
      readonly done: number;
      readonly total: number;
      readonly bytesDone?: number;
      readonly bytesTotal?: number;
    }
  | { readonly type: "info"; readonly stage?: Stage; readonly message: string }
  | { readonly type: "debug"; readonly message: string }
  | { readonly type: "warning"; readonly stage?: Stage; readonly code: WarningCode; readonly message: string }
  | {
      readonly type: "command-finished";
      readonly argv: readonly string[];
      readonly exitCode: number;
      readonly durationMs: number;
    }
  | { readonly type: "artifact"; readonly path: string; readonly sizeBytes: number; readonly sha256: string };

/** What a warning is about; the manifest records those that weaken trust. */
export type WarningCode =
  | "FOREIGN_KEYS"
  | "UNVERIFIED_REPOSITORY"
  | "REPOSITORY"
  | "TREE_ON_DISK"
  | "SLOW_DECODER"
  | "TEMPLATE"
  | "RETRY"
  | "LOG_FILE"
  | "LOCK"
  | "KEY_NOT_IMPORTED";

export type EventSink = (event: BuildEvent) => void;

/** Drops every event: for callers that don't report. */
export const noEvents: EventSink = () => undefined;

import type { LogLevel, Settings } from "../config/index.ts";
import type { Host } from "../host/index.ts";

export type ProgressMode = "auto" | "plain" | "json" | "none";

/** The flags that every command has; absent ones were not given. */
export interface GlobalFlags {
  readonly config?: string;
  readonly logLevel?: LogLevel;
  readonly logFile?: string;
  readonly verbose?: true;
  readonly cacheDir?: string;
  readonly workDir?: string;
  readonly tempDir?: string;
  readonly workers?: number;
  readonly parallel?: number;
  readonly progress?: ProgressMode;
}

/** What a command gets from the program around it. */
export interface CliContext {
  readonly host: Host;
  /** Writes a result to standard output; a line feed is added where none ends the text. */
  print(text: string): void;
  /** Writes to standard error, likewise. */
  printError(text: string): void;
  /** The program ends with this code when the command returns; 0 otherwise. */
  setExitCode(exitCode: number): void;
  /** The global flags of this call. */
  flags(): GlobalFlags;
  /** The effective settings of this call, read once. @throws {CONFIG_INVALID} */
  settings(): Promise<Settings>;
}

/**
 * The only code that touches processes, files, the network and the clock.
 *
 * Small interfaces, each with its Node.js implementation; everything else takes them as a {@link Host}.
 */
import type { Clock } from "./clock.ts";
import type { HostEnvironment } from "./environment.ts";
import type { HostFiles } from "./files.ts";
import type { HttpClient } from "./http.ts";
import type { ProcessRunner } from "./processes.ts";
import type { Threads } from "./threads.ts";

export * from "./attached-process.ts";
export * from "./clock.ts";
export * from "./disk-usage.ts";
export * from "./ending-signals.ts";
export * from "./environment.ts";
export * from "./file-lock.ts";
export * from "./files.ts";
export * from "./http.ts";
export * from "./log-file.ts";
export * from "./namespace-process.ts";
export * from "./processes.ts";
export * from "./terminal.ts";
export { type Job, serveJobs } from "./thread-pool.ts";
export * from "./threads.ts";
export * from "./tree-times.ts";
export * from "./tree-writer.ts";

/** The effects that a build may have. */
export interface Host {
  readonly files: HostFiles;
  readonly processes: ProcessRunner;
  readonly threads: Threads;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly environment: HostEnvironment;
}

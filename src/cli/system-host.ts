import path from "node:path";
import {
  createHttpClient,
  createProcessRunner,
  createThreads,
  type Host,
  nodeFiles,
  readEnvironment,
  systemClock,
} from "../host/index.ts";

/** Each takes some 40 MiB. */
const MOST_THREADS = 4;

/** This machine. */
export function systemHost(): Host {
  const environment = readEnvironment();
  const threadMain = path.join(import.meta.dirname, "thread-main.ts");
  const threads = createThreads(threadMain, Math.min(environment.cpuCount, MOST_THREADS));
  return {
    files: nodeFiles,
    processes: createProcessRunner(),
    threads,
    http: createHttpClient(),
    clock: systemClock,
    environment,
  };
}

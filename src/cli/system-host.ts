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

/** This machine. */
export function systemHost(): Host {
  const parts = { files: nodeFiles, processes: createProcessRunner() };
  const environment = readEnvironment();
  const threadMain = path.join(import.meta.dirname, "thread-main.ts");
  const threads = createThreads(parts, threadMain, environment.cpuCount);
  return { ...parts, threads, http: createHttpClient(), clock: systemClock, environment };
}

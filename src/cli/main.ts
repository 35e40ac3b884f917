import process from "node:process";
import {
  type Host,
  createHttpClient,
  createProcessRunner,
  nodeFiles,
  readEnvironment,
  systemClock,
} from "../host/index.ts";
import { run } from "./run.ts";

const host: Host = {
  files: nodeFiles,
  processes: createProcessRunner(),
  http: createHttpClient(),
  clock: systemClock,
  environment: readEnvironment(),
};

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exitCode = 0;
});

process.exitCode = await run(host, process.argv.slice(2), {
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});
await host.http.close();

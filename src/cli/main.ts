import process from "node:process";
import { run } from "./run.ts";
import { systemHost } from "./system-host.ts";

const host = systemHost();

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

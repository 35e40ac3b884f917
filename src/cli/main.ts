import process from "node:process";
import { ComposerError } from "../core/index.ts";
import { renderError } from "./report/render-error.ts";
import { run } from "./run.ts";
import { systemHost } from "./system-host.ts";

const host = systemHost();

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as `head`, is no failure.
  if (error.code === "EPIPE") return;
  const { text, exitCode } = renderError(
    new ComposerError("HOST_FILE_UNWRITABLE", `Cannot write to standard output: ${error.message}`, {
      hint: "What the command would have told is lost",
    }),
  );
  process.stderr.write(text);
  process.exitCode ||= exitCode;
});

const exitCode = await run(host, process.argv.slice(2), {
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});
process.exitCode ||= exitCode;
await host.http.close();

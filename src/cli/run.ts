import { CommanderError } from "commander";
import { ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { type Output, createProgram } from "./program.ts";
import { renderError } from "./report/render-error.ts";

/** The streams that a call writes to. */
export type Streams = Pick<Output, "writeOut" | "writeError">;

/** Runs one call of the program, from its arguments to its exit code; never throws. */
export async function run(host: Host, words: readonly string[], streams: Streams): Promise<number> {
  let exitCode = 0;
  const output: Output = { ...streams, setExitCode: (code) => (exitCode = code) };
  try {
    const program = await createProgram(host, output, words);
    if (words.length === 0) {
      streams.writeError(program.helpInformation());
      return 2;
    }
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const rendered = renderError(error instanceof CommanderError ? usageError(error) : error);
    streams.writeError(rendered.text);
    return rendered.exitCode;
  }
}

/** Commander's "error: unknown option '--foo'\n(Did you mean --food?)" in our form. */
function usageError({ code, message }: CommanderError): ComposerError {
  if (code === "commander.help") {
    return new ComposerError("USAGE", "Cannot read the command line: it does not say what to do", {
      hint: "--help after the command shows what follows it",
    });
  }
  const [first = "", ...rest] = message.split("\n");
  const what = first
    .replace(/^error: /, "")
    .replaceAll("'", '"')
    .replace(/\.$/, "");
  const suggestion = rest.join(" ").replaceAll(/[()]/g, "").trim();
  return new ComposerError("USAGE", `Cannot read the command line: ${what}`, {
    hint: suggestion === "" ? "os-image-composer help shows commands and options" : suggestion,
  });
}

import type { Settings } from "../config/index.ts";
import { openLogFile, standardErrorTerminal } from "../host/index.ts";
import type { CliContext } from "./context.ts";
import { createReporter, type Reporter } from "./report/index.ts";

/** The reporter that the flags and the settings of a call ask for. */
export async function openReporter(context: CliContext, settings: Settings): Promise<Reporter> {
  const { host } = context;
  const { file } = settings.logging;
  return createReporter({
    terminal: standardErrorTerminal(),
    mode: context.flags().progress ?? "auto",
    level: settings.logging.level,
    clock: host.clock,
    variables: host.environment.variables,
    ...(file === undefined ? {} : { logFile: openLogFile(file) }),
  });
}

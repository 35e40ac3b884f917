import { Command, InvalidArgumentError, Option } from "commander";
import type { Settings } from "../config/index.ts";
import type { Host } from "../host/index.ts";
import packageDescription from "../../package.json" with { type: "json" };
import type { CliContext, GlobalFlags } from "./context.ts";
import { readSettings } from "./read-settings.ts";

export type { CliContext, GlobalFlags, ProgressMode } from "./context.ts";

type Register = (program: Command, context: CliContext) => void;

/** Every command with its module, in the order of the help. Only those that the command line may mean are loaded. */
const COMMANDS: readonly (readonly [name: string, load: () => Promise<Register>])[] = [
  ["build", async () => (await import("./commands/build.ts")).registerBuild],
  ["validate", async () => (await import("./commands/validate.ts")).registerValidate],
  ["resolve", async () => (await import("./commands/resolve.ts")).registerResolve],
  ["lock", async () => (await import("./commands/lock.ts")).registerLock],
  ["fetch", async () => (await import("./commands/fetch.ts")).registerFetch],
  ["vendor", async () => (await import("./commands/vendor.ts")).registerVendor],
  ["why", async () => (await import("./commands/why.ts")).registerWhy],
  ["why-not", async () => (await import("./commands/why-not.ts")).registerWhyNot],
  ["graph", async () => (await import("./commands/graph.ts")).registerGraph],
  ["import", async () => (await import("./commands/import.ts")).registerImport],
  ["boot", async () => (await import("./commands/boot.ts")).registerBoot],
  ["cache", async () => (await import("./commands/cache.ts")).registerCache],
  ["config", async () => (await import("./commands/config.ts")).registerConfig],
  ["doctor", async () => (await import("./commands/doctor.ts")).registerDoctor],
  ["version", async () => (await import("./commands/version.ts")).registerVersion],
];

/** The streams of the program. */
export interface Output {
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly setExitCode: (exitCode: number) => void;
}

/**
 * The command line of the program: global flags, and the commands that `words` may mean.
 *
 * @param words the arguments of the call
 * @returns throws `CommanderError` instead of ending the process
 */
export async function createProgram(host: Host, output: Output, words: readonly string[]): Promise<Command> {
  const program = new Command("os-image-composer")
    .description("Build a bootable Linux image from a template and public package repositories")
    .usage("<command> [options]")
    .version(`${packageDescription.name} ${packageDescription.version}`, "--version", "print the version")
    .helpCommand("help [command]", "explain a command")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: output.writeOut, writeErr: () => undefined })
    .showSuggestionAfterError(true)
    .exitOverride();
  addGlobalFlags(program);
  const context = createContext(host, output, program);
  const meant = COMMANDS.filter(([name]) => words.includes(name));
  const isComplete = meant.length === 0 || words.includes("help");
  for (const [, load] of isComplete ? COMMANDS : meant) (await load())(program, context);
  return program;
}

function addGlobalFlags(program: Command): void {
  program
    .option("--config <file>", "global configuration; otherwise ./os-image-composer.yml and the usual places")
    .addOption(new Option("--log-level <level>", "least important lines to show").choices(LOG_LEVELS))
    .option("--log-file <file>", "write the log there, too")
    .option("-v, --verbose", "show debug lines")
    .option("--cache-dir <dir>", "where packages and indexes are kept between builds")
    .option("--work-dir <dir>", "where images are built")
    .option("--temp-dir <dir>", "where short-lived files go")
    .option("--workers <n>", "downloads at the same time", parseWorkers)
    .option("--parallel <n>", "older name of --workers", parseWorkers)
    .addOption(new Option("--progress <mode>", "how progress is shown").choices(["auto", "plain", "json", "none"]));
}

const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
const MAX_WORKERS = 256;

function parseWorkers(text: string): number {
  const workers = /^\d+$/.test(text) ? Number(text) : 0;
  if (workers >= 1 && workers <= MAX_WORKERS) return workers;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_WORKERS}.`);
}

function createContext(host: Host, output: Output, program: Command): CliContext {
  const flags = (): GlobalFlags => program.opts<GlobalFlags>();
  let settings: Promise<Settings> | undefined;
  return {
    host,
    print: (text) => output.writeOut(withLineFeed(text)),
    printError: (text) => output.writeError(withLineFeed(text)),
    setExitCode: output.setExitCode,
    flags,
    settings: () => (settings ??= readSettings(host, flags()).then((explained) => explained.settings)),
  };
}

function withLineFeed(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

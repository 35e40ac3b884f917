import path from "node:path";
import type { Command } from "commander";
import { type EffectiveSetting, type ExplainedSettings, sampleConfiguration } from "../../config/index.ts";
import { ComposerError, isComposerError } from "../../core/index.ts";
import type { CliContext } from "../context.ts";
import { readSettings } from "../read-settings.ts";

const DEFAULT_FILE = "os-image-composer.yml";
/** It may hold addresses with passwords. */
const FILE_MODE = 0o600;

export function registerConfig(program: Command, context: CliContext): void {
  const config = program.command("config").description("write or explain the global configuration");
  config
    .command("init")
    .description("write a configuration file that names every setting with its built-in value")
    .argument("[path]", `file to make; ${DEFAULT_FILE} when absent`)
    .action((file: string | undefined) => init(context, file ?? context.flags().config ?? DEFAULT_FILE));
  config
    .command("show")
    .description("print the settings that are in force, and where each comes from")
    .option("--json", "print them as JSON")
    .action((options: { readonly json?: true }) => show(context, options.json === true));
}

async function init(context: CliContext, file: string): Promise<void> {
  const { host } = context;
  const absolute = path.resolve(host.environment.workingDirectory, file);
  if (await host.files.exists(absolute)) throw alreadyThere(file);
  await host.files.makeDirectory(path.dirname(absolute));
  try {
    await host.files.writeNew(absolute, sampleConfiguration(), FILE_MODE);
  } catch (error) {
    const isTaken = isComposerError(error, "HOST_FILE_UNWRITABLE") && (await host.files.exists(absolute));
    throw isTaken ? alreadyThere(file) : error;
  }
  context.print(absolute);
}

function alreadyThere(file: string): ComposerError {
  return new ComposerError("USAGE", `Cannot write configuration "${file}": it already exists`, {
    hint: "Name another file, or move this one away first; config show prints what is in force",
  });
}

async function show(context: CliContext, asJson: boolean): Promise<void> {
  const explained = await readSettings(context.host, context.flags());
  const { file = null, searched, entries } = explained;
  context.print(
    asJson ? JSON.stringify({ file, searched, settings: entries }, undefined, 2) : formatSettings(explained),
  );
}

function formatSettings({ file, searched, entries }: ExplainedSettings): string {
  const passed = file === undefined ? searched : searched.slice(0, -1);
  const looked = passed.length === 0 ? [] : [`Not there: ${passed.join(", ")}`];
  const rows = entries.map((entry) => [entry.key, valueText(entry), originText(entry)] as const);
  const [keyWidth, valueWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map(([key, value, origin]) => {
    return `${key.padEnd(keyWidth ?? 0)}  ${value.padEnd(valueWidth ?? 0)}  ${origin}`;
  });
  return [`Configuration file: ${file ?? "none"}`, ...looked, "", ...lines].join("\n");
}

function valueText({ value }: EffectiveSetting): string {
  return value === null ? "-" : String(value);
}

function originText({ origin }: EffectiveSetting): string {
  if (origin.kind === "flag") return origin.flag;
  return origin.kind === "built-in" ? "built-in" : `${origin.file}:${origin.line}:${origin.column}`;
}

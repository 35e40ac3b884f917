import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import {
  type JsonSchema,
  Positions,
  checkSchema,
  firstIssues,
  isMapping,
  IssuesError,
  readDocument,
} from "../document/index.ts";
import configurationSchema from "../../../schema/os-image-composer.schema.json" with { type: "json" };
import type { ConfigurationFile } from "./schema.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type TreeStorage = "auto" | "tmpfs" | "disk";

export interface MirrorSetting {
  readonly url: string;
  readonly suite?: string;
  /** Absolute paths. */
  readonly keys?: readonly string[];
}

/** The effective settings of one call; all paths are absolute. */
export interface Settings {
  /** How many downloads run at the same time. */
  readonly workers: number;
  readonly cacheDir: string;
  readonly workDir: string;
  readonly tempDir: string;
  readonly configDir: string;
  readonly outputDir?: string;
  readonly logging: { readonly level: LogLevel; readonly file?: string };
  /** By operating system, for example `debian`. */
  readonly mirrors: Readonly<Record<string, MirrorSetting>>;
  /** Where root trees are made. */
  readonly treeStorage: TreeStorage;
  /** The configuration file that was read. */
  readonly file?: string;
}

/** What the command line says; paths are relative to the working directory. */
export interface SettingsFlags {
  readonly config?: string;
  readonly workers?: number;
  readonly cacheDir?: string;
  readonly workDir?: string;
  readonly tempDir?: string;
  readonly outputDir?: string;
  readonly logLevel?: LogLevel;
  readonly logFile?: string;
}

const DEFAULT_WORKERS = 8;

/**
 * Command line over configuration file over built-in values.
 *
 * @param shippedConfigDir the directory `config` of this installation
 * @throws {CONFIG_INVALID} the file that `--config` names is not there, or a file has a mistake
 */
export async function loadSettings(
  host: Pick<Host, "files" | "environment">,
  flags: SettingsFlags,
  shippedConfigDir: string,
): Promise<Settings> {
  const { workingDirectory, homeDirectory } = host.environment;
  const file = await findConfigurationFile(host, flags.config);
  const configuration = file === undefined ? {} : await readConfiguration(host, file);

  const fromFlag = (value: string): string => path.resolve(workingDirectory, value);
  const fromFile = (value: string): string => {
    const expanded = value === "~" || value.startsWith("~/") ? path.join(homeDirectory, value.slice(1)) : value;
    return path.resolve(workingDirectory, path.dirname(file ?? ""), expanded);
  };
  const place = (flag: string | undefined, value: string | undefined): string | undefined =>
    flag === undefined ? (value === undefined ? undefined : fromFile(value)) : fromFlag(flag);

  const outputDir = place(flags.outputDir, configuration.output_dir);
  const logFile = place(flags.logFile, configuration.logging?.file);
  return {
    workers: flags.workers ?? configuration.workers ?? DEFAULT_WORKERS,
    cacheDir: place(flags.cacheDir, configuration.cache_dir) ?? fromFlag("cache"),
    workDir: place(flags.workDir, configuration.work_dir) ?? fromFlag("workspace"),
    tempDir: place(flags.tempDir, configuration.temp_dir) ?? fromFlag("tmp"),
    configDir: place(undefined, configuration.config_dir) ?? shippedConfigDir,
    ...(outputDir === undefined ? {} : { outputDir }),
    logging: {
      level: flags.logLevel ?? configuration.logging?.level ?? "info",
      ...(logFile === undefined ? {} : { file: logFile }),
    },
    mirrors: Object.fromEntries(
      Object.entries(configuration.mirrors ?? {}).map(([os, { keys, ...mirror }]) => [
        os,
        { ...mirror, ...(keys === undefined ? {} : { keys: keys.map(fromFile) }) },
      ]),
    ),
    treeStorage: configuration.tree_storage ?? "auto",
    ...(file === undefined ? {} : { file: path.resolve(workingDirectory, file) }),
  };
}

/** The first of: `--config`, the working directory, the home directory, /etc. */
async function findConfigurationFile(
  { files, environment }: Pick<Host, "files" | "environment">,
  named: string | undefined,
): Promise<string | undefined> {
  const { workingDirectory, homeDirectory } = environment;
  if (named !== undefined) {
    if (await files.exists(path.resolve(workingDirectory, named))) return named;
    throw new ComposerError("CONFIG_INVALID", `Cannot read configuration "${named}": it does not exist`, {
      hint: "Name an existing file with --config, or leave --config out",
    });
  }
  const places = [
    "os-image-composer.yml",
    ".os-image-composer.yml",
    path.join(homeDirectory, ".config/os-image-composer/config.yml"),
    "/etc/os-image-composer/config.yml",
  ];
  for (const place of places) {
    if (await files.exists(path.resolve(workingDirectory, place))) return place;
  }
  return undefined;
}

async function readConfiguration(
  { files, environment }: Pick<Host, "files" | "environment">,
  file: string,
): Promise<ConfigurationFile> {
  const positions = new Positions();
  const absolute = path.resolve(environment.workingDirectory, file);
  const document = await readDocument(files, absolute, file, "CONFIG_INVALID", positions);
  // A file that holds only comments is an empty configuration.
  const value = document.isReadable && document.value === null ? {} : document.value;
  const found = document.isReadable
    ? checkSchema(value, configurationSchema as JsonSchema, "CONFIG_INVALID", positions)
    : [];
  const issues = firstIssues(file, document.issues, found);
  if (issues.length > 0 || !isMapping(value)) {
    throw new IssuesError(`configuration "${file}"`, issues, new Map([[file, document.text]]));
  }
  return value;
}

import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import configurationSchema from "../../../schema/os-image-composer.schema.json" with { type: "json" };
import { findConfiguration } from "./find-configuration.ts";
import { type ReadConfiguration, readConfiguration } from "./read-configuration.ts";
import { type EffectiveSetting, createSettingReader } from "./setting-reader.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type TreeStorage = "auto" | "tmpfs" | "disk";

export interface MirrorSetting {
  readonly url: string;
  readonly suite?: string;
  /** Absolute paths. */
  readonly keys?: readonly string[];
  /** The command line names it: a repository that is called so must exist. */
  readonly isRequired?: boolean;
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
  /** Of builds that share the work directory. */
  readonly maxConcurrentBuilds: number;
  /** False keeps the trees and unfinished files of a failed build. */
  readonly cleanupOnFailure: boolean;
  readonly packageCache: { readonly enabled: boolean; readonly maxSizeBytes: number; readonly retentionDays: number };
  readonly imageCache: { readonly enabled: boolean; readonly maxCount: number };
  /** The configuration file that was read. */
  readonly file?: string;
}

/** What the command line says; paths are relative to the working directory. */
export interface SettingsFlags {
  readonly config?: string;
  readonly workers?: number;
  /** The older name of `workers`. */
  readonly parallel?: number;
  readonly cacheDir?: string;
  readonly workDir?: string;
  readonly tempDir?: string;
  readonly outputDir?: string;
  readonly logLevel?: LogLevel;
  readonly logFile?: string;
}

/** Settings and where each of them comes from. */
export interface ExplainedSettings {
  readonly settings: Settings;
  /** In the order of the configuration file's schema. */
  readonly entries: readonly EffectiveSetting[];
  readonly file?: string;
  /** Where a configuration file was looked for, in order. */
  readonly searched: readonly string[];
}

const BUILT_IN = configurationSchema.properties;
const GIGABYTE = 1e9;

/**
 * Command line over configuration file over built-in values.
 *
 * @param shippedConfigDir the directory `config` of this installation
 * @throws {USAGE} a value is given twice on the command line
 * @throws {CONFIG_INVALID} the file that `--config` names is not there, or a file has a mistake
 */
export async function loadSettings(
  host: Pick<Host, "files" | "environment">,
  flags: SettingsFlags,
  shippedConfigDir: string,
): Promise<Settings> {
  return (await explainSettings(host, flags, shippedConfigDir)).settings;
}

/** Like {@link loadSettings}, with the origin of every value. */
export async function explainSettings(
  host: Pick<Host, "files" | "environment">,
  flags: SettingsFlags,
  shippedConfigDir: string,
): Promise<ExplainedSettings> {
  if (flags.workers !== undefined && flags.parallel !== undefined) {
    throw new ComposerError("USAGE", "Cannot read the command line: --parallel and --workers say the same thing", {
      hint: "Keep --workers",
    });
  }
  const { workingDirectory } = host.environment;
  const { file, searched } = await findConfiguration(host, flags.config);
  const configuration = file === undefined ? undefined : await readConfiguration(host, file);
  const absoluteFile = file === undefined ? undefined : path.resolve(workingDirectory, file);
  const { settings, entries } = resolveSettings(host, flags, configuration, absoluteFile, shippedConfigDir);
  return { settings, entries, searched, ...(absoluteFile === undefined ? {} : { file: absoluteFile }) };
}

function resolveSettings(
  { environment }: Pick<Host, "environment">,
  flags: SettingsFlags,
  configuration: ReadConfiguration | undefined,
  file: string | undefined,
  shippedConfigDir: string,
): { readonly settings: Settings; readonly entries: readonly EffectiveSetting[] } {
  const { workingDirectory, homeDirectory } = environment;
  const content = configuration?.content ?? {};
  const reader = createSettingReader(configuration?.positionOf ?? (() => undefined));
  const fromFlag = (value: string): string => path.resolve(workingDirectory, value);
  const fromFile = (value: string): string => {
    const expanded = value === "~" || value.startsWith("~/") ? path.join(homeDirectory, value.slice(1)) : value;
    return path.resolve(path.dirname(file ?? workingDirectory), expanded);
  };
  const place = (value: string | undefined): string | undefined => (value === undefined ? undefined : fromFile(value));
  const flagPlace = (name: string, value: string | undefined) => ({
    name,
    value: value === undefined ? undefined : fromFlag(value),
  });

  const { core = {}, storage = {}, logging = {} } = content;
  const { package_cache: packages = {}, image_cache: images = {} } = storage;
  const { core: builtInCore, storage: builtInStorage } = BUILT_IN;
  const builtInPackages = builtInStorage.properties.package_cache.properties;
  const builtInImages = builtInStorage.properties.image_cache.properties;

  const workers =
    flags.parallel === undefined
      ? { name: "--workers", value: flags.workers }
      : { name: "--parallel", value: flags.parallel };
  const outputFlag = flagPlace("--output", flags.outputDir);
  const logFileFlag = flagPlace("--log-file", flags.logFile);
  const mirrors = Object.fromEntries(
    Object.entries(content.mirrors ?? {}).map(([os, { keys, ...mirror }]) => [
      os,
      { ...mirror, ...(keys === undefined ? {} : { keys: keys.map(fromFile) }) },
    ]),
  );

  // In the order of the schema: `config show` prints them like this.
  const common = {
    workers: reader.take("workers", content.workers, BUILT_IN.workers.default, workers),
    cacheDir: reader.take(
      ["cache_dir", "core.cache_dir"],
      place(content.cache_dir ?? core.cache_dir),
      fromFlag(BUILT_IN.cache_dir.default),
      flagPlace("--cache-dir", flags.cacheDir),
    ),
    workDir: reader.take(
      ["work_dir", "core.work_dir"],
      place(content.work_dir ?? core.work_dir),
      fromFlag(BUILT_IN.work_dir.default),
      flagPlace("--work-dir", flags.workDir),
    ),
    tempDir: reader.take(
      "temp_dir",
      place(content.temp_dir),
      fromFlag(BUILT_IN.temp_dir.default),
      flagPlace("--temp-dir", flags.tempDir),
    ),
    configDir: reader.take("config_dir", place(content.config_dir), shippedConfigDir),
  };
  const outputDir = reader.takeOptional("output_dir", place(content.output_dir), outputFlag);
  const level = reader.take<LogLevel>(
    "logging.level",
    logging.level,
    BUILT_IN.logging.properties.level.default as LogLevel,
    { name: "--log-level", value: flags.logLevel },
  );
  const logFile = reader.takeOptional("logging.file", place(logging.file), logFileFlag);
  for (const os of Object.keys(mirrors)) reader.takeOptional(`mirrors.${os}`, mirrors[os]?.url);
  const settings: Settings = {
    ...common,
    ...(outputDir === undefined ? {} : { outputDir }),
    logging: { level, ...(logFile === undefined ? {} : { file: logFile }) },
    mirrors,
    treeStorage: reader.take<TreeStorage>(
      "tree_storage",
      content.tree_storage,
      BUILT_IN.tree_storage.default as TreeStorage,
    ),
    maxConcurrentBuilds: reader.take(
      "core.max_concurrent_builds",
      core.max_concurrent_builds,
      builtInCore.properties.max_concurrent_builds.default,
    ),
    cleanupOnFailure: reader.take(
      "core.cleanup_on_failure",
      core.cleanup_on_failure,
      builtInCore.properties.cleanup_on_failure.default,
    ),
    packageCache: {
      enabled: reader.take("storage.package_cache.enabled", packages.enabled, builtInPackages.enabled.default),
      maxSizeBytes:
        GIGABYTE *
        reader.take("storage.package_cache.max_size_gb", packages.max_size_gb, builtInPackages.max_size_gb.default),
      retentionDays: reader.take(
        "storage.package_cache.retention_days",
        packages.retention_days,
        builtInPackages.retention_days.default,
      ),
    },
    imageCache: {
      enabled: reader.take("storage.image_cache.enabled", images.enabled, builtInImages.enabled.default),
      maxCount: reader.take("storage.image_cache.max_count", images.max_count, builtInImages.max_count.default),
    },
    ...(file === undefined ? {} : { file }),
  };
  return { settings, entries: reader.entries };
}

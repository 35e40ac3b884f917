import type { ImageTemplate, Settings } from "../config/index.ts";
import { ComposerError, type Stage } from "../core/index.ts";
import { planStages, type StagePlan } from "./plan-stages.ts";

/** When root trees and unfinished files outlive a build. */
export type KeepPolicy = "never" | "on-failure" | "always";

/** What the command line says about one build; absent and `true` for a cache: nothing. */
export interface BuildControlFlags {
  readonly stage?: Stage;
  readonly skipStage?: readonly Stage[];
  /** For example `30m`. */
  readonly timeout?: string;
  readonly keepTemp?: boolean;
  readonly cache?: boolean;
  readonly packageCache?: boolean;
  readonly imageCache?: boolean;
  readonly offline?: boolean;
}

/** How one build runs. */
export interface BuildControl {
  readonly stages: StagePlan;
  /** For example `30m`; absent: as long as it takes. */
  readonly timeout?: string;
  readonly keep: KeepPolicy;
  /** False: nothing of earlier builds is read, and nothing but the outputs is kept. */
  readonly useCache: boolean;
  readonly usePackageCache: boolean;
  /** False makes everything from the packages anew, although nothing changed. */
  readonly useImageCache: boolean;
}

/**
 * Command line over template over configuration file.
 *
 * @throws {USAGE} flags contradict each other
 */
export function planBuild(
  flags: BuildControlFlags,
  build: ImageTemplate["build"],
  settings: Pick<Settings, "cleanupOnFailure" | "packageCache" | "imageCache">,
): BuildControl {
  refuseFreshOffline(flags);
  const useCache = flags.cache !== false;
  const { use_package_cache: packages, use_image_cache: images } = build?.cache ?? {};
  const timeout = flags.timeout ?? build?.timeout;
  const { stage, skipStage } = flags;
  return {
    stages: planStages({
      ...(stage === undefined ? {} : { last: stage }),
      ...(skipStage === undefined ? {} : { skipped: skipStage }),
      ...(build?.stages === undefined ? {} : { listed: build.stages }),
    }),
    ...(timeout === undefined ? {} : { timeout }),
    keep: (flags.keepTemp ?? build?.keepTemp ?? false) ? "always" : settings.cleanupOnFailure ? "never" : "on-failure",
    useCache,
    usePackageCache: useCache && flags.packageCache !== false && (packages ?? settings.packageCache.enabled),
    useImageCache: useCache && flags.imageCache !== false && (images ?? settings.imageCache.enabled),
  };
}

function refuseFreshOffline({ offline, cache, packageCache }: BuildControlFlags): void {
  if (offline !== true || (cache !== false && packageCache !== false)) return;
  const flag = cache === false ? "--no-cache" : "--no-package-cache";
  throw new ComposerError("USAGE", `Cannot build with --offline and ${flag}: packages would come from nowhere`, {
    hint: "Leave one of them out",
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
/** Timers count milliseconds in 31 bits. */
const LONGEST_MS = 24 * 24 * 3_600_000;

/** Milliseconds of `90s`, `30m` or `2h`; undefined when the text is none of these, or longer than 24 days. */
export function parseTimeout(text: string): number | undefined {
  const [, count, unit = ""] = /^([1-9][0-9]*)([smh])$/.exec(text) ?? [];
  const timeoutMs = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  return timeoutMs <= LONGEST_MS ? timeoutMs : undefined;
}

import path from "node:path";
import { type Stage, STAGES, type Step } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { drawDependencies, graphFormatOf, type Lock } from "../ospackage/index.ts";
import {
  type Artifact,
  type BuildRequest,
  type EarlyStage,
  EVIDENCE_FILES,
  type ImageSteps,
  type Provider,
} from "../provider/index.ts";
import type { BuildControl } from "./build-control.ts";
import { type BuildPlaces, buildPaths } from "./build-paths.ts";
import { codeDigest } from "./code-digest.ts";
import { deliver, publishSbom } from "./deliver.ts";
import { createImageCache } from "./image-cache.ts";
import { reportLockDifference } from "./report-lock-difference.ts";
import { requireNoFaults } from "./require-no-faults.ts";
import { copyReplayGuards } from "./kept-files.ts";
import { prunePackageCache } from "./prune-package-cache.ts";
import { removeUnfinished } from "./remove-unfinished.ts";
import { createStepRun, type StepRun } from "./run-steps.ts";
import { takeBuildLocks, takeUseLock } from "./take-locks.ts";

export interface BuildOptions {
  /** Also copies the results there. */
  readonly outputDirectory?: string;
  /** Also writes the dependency graph there. */
  readonly dotFile?: string;
  /** The graph shows only what the template's own packages need. */
  readonly systemPackagesOnly: boolean;
  readonly control: BuildControl;
  /** Called when root trees or unfinished files stay, with the directory that they are in. */
  readonly onKept?: (directory: string) => void;
  /** Called for each step that is about to run. */
  readonly onStep?: (step: Step<unknown>) => void;
}

export interface BuildOutcome {
  readonly artifacts: readonly Artifact[];
  /** Manifest and SBOM, beside the image. */
  readonly evidence: readonly string[];
  /** What a build that ended before the image has made. */
  readonly made: readonly string[];
}

/** What one build is about. */
interface Build {
  readonly host: Host;
  readonly request: BuildRequest;
  readonly options: BuildOptions;
  readonly places: BuildPlaces;
  readonly run: StepRun;
  readonly provider: Provider;
  readonly steps: ImageSteps;
}

/**
 * Builds the image of a template: from the inside of the build namespaces, and alone in the target's directory.
 *
 * @throws {ComposerError} whatever a step fails with; nothing unfinished is left under a final name
 */
export async function buildImage(
  host: Host,
  provider: Provider,
  request: BuildRequest,
  options: BuildOptions,
): Promise<BuildOutcome> {
  const { control } = options;
  const { template } = request.template;
  requireNoFaults(request, provider, control);
  const target = template.systemConfig?.name ?? template.image.name;
  const places = buildPaths(request.settings, provider.id, target, control);
  await using locks = new AsyncDisposableStack();
  await takeBuildLocks(host, request, places, locks);
  const { outcome, lock } = await usingCaches(host, request, async () => {
    await removeUnfinished(host, places);
    return keepingTrees(host, options, places, (atEnd) => runBuild(host, provider, request, options, places, atEnd));
  });
  if (control.usePackageCache) await prunePackageCache(host, request, places, lock);
  return outcome;
}

/** Nobody removes anything from the caches meanwhile. */
async function usingCaches<T>(host: Host, request: BuildRequest, action: () => Promise<T>): Promise<T> {
  await using locks = new AsyncDisposableStack();
  locks.use(await takeUseLock(host, request, request.settings.cacheDir));
  return action();
}

/** Removes trees and unfinished files at the end, or says where they stay. */
async function keepingTrees<T>(
  host: Host,
  { control: { keep }, onKept }: BuildOptions,
  places: BuildPlaces,
  action: (atEnd: AsyncDisposableStack) => Promise<T>,
): Promise<T> {
  const atEnd = new AsyncDisposableStack();
  atEnd.defer(() => host.files.remove(places.fresh));
  let hasFailed = true;
  try {
    const result = await action(atEnd);
    hasFailed = false;
    return result;
  } finally {
    if (keep === "never" || (keep === "on-failure" && !hasFailed)) await atEnd.disposeAsync();
    else if (await host.files.exists(places.trees)) onKept?.(places.imageBuild);
  }
}

async function runBuild(
  host: Host,
  provider: Provider,
  request: BuildRequest,
  options: BuildOptions,
  places: BuildPlaces,
  atEnd: AsyncDisposableStack,
): Promise<{ readonly outcome: BuildOutcome; readonly lock: Lock }> {
  const { keep, useCache, useImageCache, stages } = options.control;
  await host.files.makeDirectory(places.records);
  if (!useCache) await copyReplayGuards(host, request.settings.cacheDir, places.repositoryCache);
  // Memory ends with us: what may be looked at afterwards is made on disk.
  const stored: BuildRequest =
    keep === "never" ? request : { ...request, settings: { ...request.settings, treeStorage: "disk" } };
  const { emit, signal } = request;
  const run = createStepRun({
    codeDigest: await codeDigest(host.files),
    reuse: useImageCache,
    emit,
    clock: host.clock,
    ...(signal === undefined ? {} : { signal }),
    ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
  });
  const steps = await provider.buildImage(host, stored, places, atEnd);
  const build: Build = { host, request, options, places, run, provider, steps };
  try {
    const lock = await inStage(build, "packages", () => run.get(steps.lock));
    await reportLockDifference(host, request, lock);
    await writeGraph(build, lock);
    const end = EARLY_ENDS[stages.last];
    const outcome = end === undefined ? await makeImage(build) : await makeUntil(build, end);
    return { outcome, lock };
  } catch (error) {
    // What is being saved has to end before its tree does; how it ends is not what is wrong.
    await run.settle().catch(() => undefined);
    throw error;
  }
}

/** Nothing of an image exists before the last stage; what is signed are parts of a tree. */
const EARLY_ENDS: Readonly<Partial<Record<Stage, EarlyStage>>> = {
  validate: "packages",
  packages: "packages",
  compose: "compose",
  configuration: "configuration",
  sign: "configuration",
};

async function makeUntil(build: Build, end: EarlyStage): Promise<BuildOutcome> {
  const { host, run, steps, places, options, request } = build;
  const stages = STAGES.slice(STAGES.indexOf("packages"), STAGES.indexOf(end) + 1) as readonly EarlyStage[];
  let found: readonly string[] = [];
  for (const stage of stages) found = await inStage(build, stage, () => run.get(steps.ends[stage]));
  await run.settle();
  found = [places.dependencyGraph, ...found];
  const isTemporary = (file: string): boolean =>
    [places.trees, places.fresh].some((directory) => file.startsWith(`${directory}${path.sep}`));
  const made: string[] = [];
  for (const file of found) {
    const stays = !isTemporary(file) || options.control.keep === "always";
    if (stays && (await host.files.exists(file))) made.push(file);
  }
  if (made.length === found.length) return { artifacts: [], evidence: [], made };
  const message = "What was made is not kept: --keep-temp keeps the root tree, and a build with caches the rest";
  request.emit({ type: "info", stage: end, message });
  return { artifacts: [], evidence: [], made };
}

async function makeImage(build: Build): Promise<BuildOutcome> {
  const { host, request, options, places, run } = build;
  const { useImageCache, stages } = options.control;
  const cache = createImageCache(host, build.steps.image, {
    places,
    maxCount: request.settings.imageCache.maxCount,
    emit: request.emit,
  });
  const steps: ImageSteps = useImageCache ? { ...build.steps, image: cache.image } : build.steps;
  const { artifacts } = await inStage(build, "compose", () => run.get(steps.image));
  let evidenceOf: Step<readonly string[]> | undefined;
  if (stages.skipped.has("finalize")) {
    // Those of an earlier image would be taken for those of this one.
    for (const name of EVIDENCE_FILES) await host.files.remove(path.join(places.imageBuild, name));
  } else {
    const step = build.provider.postProcess(host, request, places, steps);
    evidenceOf = useImageCache ? cache.evidence(step) : step;
  }
  const finish = evidenceOf;
  const evidence = finish === undefined ? [] : await inStage(build, "finalize", () => run.get(finish));
  await run.settle();
  if (useImageCache) await cache.keep(run, finish);
  await publishSbom(host, request, evidence);
  await deliver(host, request, options.outputDirectory, [...artifacts.map((artifact) => artifact.path), ...evidence]);
  return { artifacts, evidence, made: [] };
}

async function inStage<T>({ host, request }: Build, stage: Stage, action: () => Promise<T>): Promise<T> {
  const startedMs = host.clock.monotonicMs();
  request.emit({ type: "stage-started", stage });
  const result = await action();
  request.emit({ type: "stage-finished", stage, durationMs: host.clock.monotonicMs() - startedMs });
  return result;
}

async function writeGraph({ host, request, options, places }: Build, lock: Lock): Promise<void> {
  const { systemPackagesOnly } = options;
  const files = [places.dependencyGraph, ...(options.dotFile === undefined ? [] : [options.dotFile])];
  for (const file of files) {
    await host.files.makeDirectory(path.dirname(file));
    await host.files.writeAtomic(file, drawDependencies(lock, { format: graphFormatOf(file), systemPackagesOnly }));
    request.emit({ type: "info", stage: "packages", message: `Generating dependency graph: ${file}` });
  }
}

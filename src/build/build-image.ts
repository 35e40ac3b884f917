import path from "node:path";
import type { Stage } from "../core/index.ts";
import { IssuesError } from "../config/index.ts";
import { type FileLock, type Host, takeFileLock } from "../host/index.ts";
import { dependencyDot } from "../ospackage/index.ts";
import type { Artifact, BuildPaths, BuildRequest, Provider } from "../provider/index.ts";
import { buildPaths } from "./build-paths.ts";
import { codeDigest } from "./code-digest.ts";
import { evidenceStep, SPDX_FILE } from "./evidence-step.ts";
import { removeUnfinished } from "./remove-unfinished.ts";
import { createStepRun } from "./run-steps.ts";

export interface BuildOptions {
  /** Also copies the results there. */
  readonly outputDirectory?: string;
  /** Also writes the dependency graph there. */
  readonly dotFile?: string;
  /** The graph shows only what the template's own packages need. */
  readonly systemPackagesOnly: boolean;
  /** False makes the image although nothing changed. */
  readonly useImageCache: boolean;
}

export interface BuildOutcome {
  readonly artifacts: readonly Artifact[];
  /** Manifest and SBOM, beside the image. */
  readonly evidence: readonly string[];
}

/** Another build of the same target is waited for as long as one may take. */
const LOCK_TIMEOUT_MS = 30 * 60_000;

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
  const { template } = request.template;
  refuseFaults(request, provider);
  const target = template.systemConfig?.name ?? template.image.name;
  const paths = buildPaths(request.settings, provider.id, target);
  await host.files.makeDirectory(paths.records);
  await using atEnd = new AsyncDisposableStack();
  atEnd.use(await lockTarget(request, paths));
  await removeUnfinished(host, paths);

  const steps = await provider.buildImage(host, request, paths, atEnd);
  const { emit } = request;
  const reuse = options.useImageCache;
  const run = createStepRun({ codeDigest: await codeDigest(host.files), reuse, emit, clock: host.clock });

  const lock = await inStage(host, request, "packages", () => run.get(steps.lock));
  const graph = dependencyDot(lock, { systemPackagesOnly: options.systemPackagesOnly });
  await writeGraph(host, request, paths, graph, options.dotFile);
  const { artifacts } = await inStage(host, request, "compose", () => run.get(steps.image));
  const evidence = await inStage(host, request, "finalize", () => run.get(evidenceStep(host, request, paths, steps)));
  await publishSbom(host, request, evidence);
  await deliver(host, request, options, [...artifacts.map((artifact) => artifact.path), ...evidence]);
  return { artifacts, evidence };
}

/** @throws {TEMPLATE_INVALID} with every fault that the provider finds */
function refuseFaults({ template }: BuildRequest, provider: Provider): void {
  const issues = template.issuesOf(provider.preProcess(template.template));
  if (issues.length > 0) throw new IssuesError(`template "${template.file}"`, issues, template.sources);
}

async function lockTarget(request: BuildRequest, paths: BuildPaths): Promise<FileLock> {
  const message = `Waiting for another build of "${path.basename(paths.imageBuild)}" to end`;
  return takeFileLock(path.join(paths.imageBuild, ".lock"), {
    timeoutMs: LOCK_TIMEOUT_MS,
    onWait: () => request.emit({ type: "info", message }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
}

async function inStage<T>(host: Host, { emit }: BuildRequest, stage: Stage, action: () => Promise<T>): Promise<T> {
  const startedMs = host.clock.monotonicMs();
  emit({ type: "stage-started", stage });
  const result = await action();
  emit({ type: "stage-finished", stage, durationMs: host.clock.monotonicMs() - startedMs });
  return result;
}

async function writeGraph(
  host: Host,
  { emit }: BuildRequest,
  paths: BuildPaths,
  graph: string,
  dotFile: string | undefined,
): Promise<void> {
  const files = [path.join(paths.packageCache, "chrootpkgs.dot"), ...(dotFile === undefined ? [] : [dotFile])];
  for (const file of files) {
    await host.files.makeDirectory(path.dirname(file));
    await host.files.writeAtomic(file, graph);
    emit({ type: "info", stage: "packages", message: `Generating dependency graph: ${file}` });
  }
}

/** The documents promise the SBOM of the newest build at this place, too. */
async function publishSbom(host: Host, { settings }: BuildRequest, evidence: readonly string[]): Promise<void> {
  const sbom = evidence.find((file) => path.basename(file) === SPDX_FILE);
  if (sbom === undefined) return;
  await host.files.makeDirectory(settings.tempDir);
  await host.files.writeAtomic(path.join(settings.tempDir, SPDX_FILE), await host.files.readBytes(sbom));
}

/** Copies the results to the directory that the user named and gives them to the user who called sudo. */
async function deliver(
  host: Host,
  { emit }: BuildRequest,
  { outputDirectory }: BuildOptions,
  files: readonly string[],
): Promise<void> {
  const delivered = [...files];
  if (outputDirectory !== undefined) {
    await host.files.makeDirectory(outputDirectory);
    for (const file of files) {
      const copy = path.join(outputDirectory, path.basename(file));
      const copied = await copyWhenChanged(host, file, copy);
      emit({ type: "info", stage: "finalize", message: copied ? `Copied to ${copy}` : `${copy} is up to date` });
      delivered.push(copy);
    }
  }
  const owner = sudoCaller(host);
  if (owner !== undefined) for (const file of delivered) await host.files.setOwner(file, owner.uid, owner.gid);
}

/**
 * The copy is made beside its final name, so that nobody sees half of it.
 *
 * @returns false when the copy was there already
 */
async function copyWhenChanged(host: Host, from: string, to: string): Promise<boolean> {
  const [source, existing] = [await host.files.stat(from), await host.files.stat(to)];
  if (source === undefined) return false;
  const mtimeSeconds = Math.floor(source.mtimeMs / 1000);
  if (existing?.sizeBytes === source.sizeBytes && Math.floor(existing.mtimeMs / 1000) === mtimeSeconds) return false;
  const unfinished = host.files.temporaryName(path.dirname(to), `.${path.basename(to)}`);
  try {
    await host.files.copy(from, unfinished);
    await host.files.setTimes(unfinished, mtimeSeconds);
    await host.files.rename(unfinished, to);
    return true;
  } finally {
    await host.files.remove(unfinished);
  }
}

function sudoCaller({ environment }: Host): { readonly uid: number; readonly gid: number } | undefined {
  const { SUDO_UID: uid, SUDO_GID: gid } = environment.variables;
  if (environment.uid !== 0 || uid === undefined || gid === undefined) return undefined;
  return { uid: Number(uid), gid: Number(gid) };
}

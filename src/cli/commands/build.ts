import path from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type BuildControl,
  type BuildControlFlags,
  buildImage,
  type BuildOutcome,
  parseTimeout,
  planBuild,
  requireNoFaults,
} from "../../build/index.ts";
import { enterNamespace, isInsideNamespace, requireArchitecture } from "../../chroot/index.ts";
import { type ImageTemplate, type MergedTemplate, requireSupported, type Settings } from "../../config/index.ts";
import { architectureOf, type EventSink, type Stage, STAGES } from "../../core/index.ts";
import { createProcessRunner, type Host } from "../../host/index.ts";
import { readVendorDirectory, type VendorDirectory } from "../../ospackage/index.ts";
import { type BuildRequest, initProvider } from "../../provider/index.ts";
import { watchBuild } from "../build-ending.ts";
import type { CliContext } from "../context.ts";
import { importNotesText } from "../import-notes.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import { MIRROR_OPTION, type MirrorFlags, withMirrors } from "../mirror-option.ts";
import { readNamedLock } from "../named-lock.ts";
import { openReporter } from "../open-reporter.ts";
import type { Reporter } from "../report/index.ts";
import { renderError } from "../report/render-error.ts";

interface BuildFlags extends BuildControlFlags {
  readonly output?: string;
  readonly dotfile?: string;
  readonly systemPackagesOnly?: true;
  readonly mirror?: MirrorFlags;
  readonly locked?: true;
  readonly vendor?: string;
}

export function registerBuild(program: Command, context: CliContext): void {
  program
    .command("build")
    .description("build the image of a template; prints the files that it made")
    .argument("<template>", "template file")
    .option("-o, --output <dir>", "copy the image and its evidence there, too")
    .option("-f, --dotfile <file>", "write the dependency graph there, too; a picture when the name ends in .svg")
    .option("--system-packages-only", "leave out of the graph what only the base system needs")
    .option(...MIRROR_OPTION)
    .option("--locked", "build exactly the packages of NAME.lock.json beside the template; read no index")
    .option("--vendor <dir>", "look for packages in this directory, which vendor made, before the cache")
    .option("--offline", "ask no repository; everything must be in the vendor directory or the cache")
    .addOption(new Option("--stage <name>", "end after this stage").choices(STAGES))
    .option("--skip-stage <name>", "leave out validate, sign or finalize; may be repeated", addStage)
    .option("--timeout <time>", "end the build after this time, for example 30m", checkTimeout)
    .option("--keep-temp", "keep the root tree and unfinished files in the work directory")
    .option("--no-cache", "use nothing of earlier builds, and keep nothing but the image")
    .option("--no-package-cache", "download all packages that are needed, and keep none")
    .option("--no-image-cache", "make everything anew from the packages although nothing changed")
    .action((file: string, flags: BuildFlags) => build(context, file, flags));
}

function addStage(text: string, before: readonly Stage[] = []): readonly Stage[] {
  const stage = STAGES.find((known) => known === text);
  if (stage === undefined) throw new InvalidArgumentError(`Allowed choices are ${STAGES.join(", ")}.`);
  return [...before, stage];
}

function checkTimeout(text: string): string {
  if (parseTimeout(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be a number with s, m or h, at most 24 days, for example 30m.");
}

async function build(context: CliContext, file: string, flags: BuildFlags): Promise<void> {
  const { host } = context;
  const settings = withMirrors(await context.settings(), flags.mirror);
  // Mistakes in flags and in the template are shown before anything is started.
  const planFor = (section: ImageTemplate["build"]): BuildControl => planBuild(flags, section, settings);
  planFor(undefined);
  const template = await loadCheckedTemplate(context, file, {
    onlyWarns: ({ build: section }) => planFor(section).stages.skipped.has("validate"),
  });
  requireSupported(template);
  const control = planFor(template.template.build);
  const chosen = {
    ...(flags.locked === true ? { locked: await readNamedLock(context, file) } : {}),
    ...(flags.vendor === undefined ? {} : { vendor: await readVendor(context, flags.vendor) }),
  };
  if (control.stages.last === "validate") return validateOnly(context, template, settings, control);
  if (!isInsideNamespace(host)) {
    const notes = template.imported === undefined ? undefined : importNotesText(template.imported);
    if (notes !== undefined) context.printError(notes);
    const architecture = architectureOf(template.template.target.arch);
    if (architecture !== undefined) await requireArchitecture(host, architecture);
    context.setExitCode(await enterNamespace(host));
    return;
  }
  const buildSettings = { ...settings, workers: workersFor(context, template.template, settings) };
  await buildInside(context, file, template, buildSettings, control, flags, chosen);
}

async function readVendor({ host }: CliContext, directory: string): Promise<VendorDirectory> {
  return readVendorDirectory(host.files, path.resolve(host.environment.workingDirectory, directory), directory);
}

async function buildInside(
  context: CliContext,
  file: string,
  template: MergedTemplate,
  settings: Settings,
  control: BuildControl,
  flags: BuildFlags,
  chosen: Pick<BuildRequest, "locked" | "vendor">,
): Promise<void> {
  const { host } = context;
  const reporter = await openReporter(context, settings);
  const { emit } = reporter;
  const ending = watchBuild(host, emit, control.timeout);
  const request: BuildRequest = {
    ...requestFor(template, settings, emit),
    offline: flags.offline === true,
    signal: ending.signal,
    ...chosen,
  };
  const buildHost: Host = { ...host, processes: createProcessRunner(emit) };
  try {
    emit({ type: "info", message: `Loading template: ${file}` });
    for (const { path: at, message } of template.warnings) {
      emit({
        type: "warning",
        stage: "validate",
        code: "TEMPLATE",
        message: at === "" ? message : `${at}: ${message}`,
      });
    }
    const provider = await initProvider(buildHost, request);
    emit({ type: "info", message: `Initializing provider: ${provider.id}` });
    const outcome = await buildImage(buildHost, provider, request, {
      ...pathOption(host, "outputDirectory", flags.output ?? settings.outputDir),
      ...pathOption(host, "dotFile", flags.dotfile),
      systemPackagesOnly: flags.systemPackagesOnly === true,
      control,
      onStep: ending.onStep,
      onKept: ending.onKept,
    });
    emit({ type: "info", message: endText(control) });
    finish(context, reporter, outcome);
  } catch (error) {
    const { text, exitCode } = renderError(ending.errorFor(error));
    reporter.print(text);
    reporter.finish();
    context.setExitCode(exitCode);
  } finally {
    ending.stop();
  }
}

/** Everything that is known without the network; nothing is started for it. */
async function validateOnly(
  context: CliContext,
  template: MergedTemplate,
  settings: Settings,
  control: BuildControl,
): Promise<void> {
  const request = requestFor(template, settings, () => undefined);
  const provider = await initProvider(context.host, request);
  requireNoFaults(request, provider, control);
  context.print(`Template "${template.files.at(-1) ?? ""}" is valid`);
}

function requestFor(template: MergedTemplate, settings: Settings, emit: EventSink): BuildRequest {
  const log = (line: string): void => emit({ type: "debug", message: line });
  return { template, settings, offline: false, emit, log };
}

/** Command line over template over file. */
function workersFor(context: CliContext, { build: section }: ImageTemplate, settings: Settings): number {
  const { workers, parallel } = context.flags();
  return workers === undefined && parallel === undefined ? (section?.parallel ?? settings.workers) : settings.workers;
}

function endText({ stages }: BuildControl): string {
  return stages.last === "finalize" ? "Build completed successfully" : `Build ended after the stage "${stages.last}"`;
}

function finish(context: CliContext, reporter: Reporter, { artifacts, evidence, made }: BuildOutcome): void {
  reporter.finish();
  for (const file of [...artifacts.map((artifact) => artifact.path), ...evidence, ...made]) context.print(file);
}

function pathOption<K extends string>(host: Host, key: K, value: string | undefined): { readonly [P in K]?: string } {
  if (value === undefined) return {};
  return { [key]: path.resolve(host.environment.workingDirectory, value) } as { readonly [P in K]: string };
}

import path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { buildImage, type BuildOutcome } from "../../build/index.ts";
import { enterNamespace, isInsideNamespace, requireArchitecture } from "../../chroot/index.ts";
import { type MirrorSetting, requireSupported, type Settings } from "../../config/index.ts";
import { architectureOf, ComposerError } from "../../core/index.ts";
import { createProcessRunner, type EndingSignal, type Host, watchEndingSignals } from "../../host/index.ts";
import { type BuildRequest, selectProvider } from "../../provider/index.ts";
import type { CliContext } from "../context.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import { openReporter } from "../open-reporter.ts";
import type { Reporter } from "../report/index.ts";
import { renderError } from "../report/render-error.ts";

interface BuildFlags {
  readonly output?: string;
  readonly dotfile?: string;
  readonly systemPackagesOnly?: true;
  readonly mirror?: Readonly<Record<string, MirrorSetting>>;
  readonly offline?: true;
  readonly imageCache: boolean;
}

export function registerBuild(program: Command, context: CliContext): void {
  program
    .command("build")
    .description("build the image of a template; prints the files that it made")
    .argument("<template>", "template file")
    .option("-o, --output <dir>", "copy the image and its evidence there, too")
    .option("-f, --dotfile <file>", "write the dependency graph there, too")
    .option("--system-packages-only", "leave out of the graph what only the base system needs")
    .option(
      "--mirror <name=url>",
      "read a repository from elsewhere; NAME=host takes this host's own mirror",
      addMirror,
    )
    .option("--offline", "ask no repository; everything must be in the cache")
    .option("--no-image-cache", "make everything anew although nothing changed")
    .action((file: string, flags: BuildFlags) => build(context, file, flags));
}

function addMirror(
  text: string,
  before: Readonly<Record<string, MirrorSetting>> = {},
): Readonly<Record<string, MirrorSetting>> {
  const match = /^([a-z0-9-]+)=(host|(?:https?|file):\/\/\S+)$/.exec(text);
  const [, name, url] = match ?? [];
  if (name === undefined || url === undefined) {
    throw new InvalidArgumentError(
      'It must be NAME=URL or NAME=host, for example "debian=http://mirror.example.com/debian".',
    );
  }
  return { ...before, [name]: { url } };
}

async function build(context: CliContext, file: string, flags: BuildFlags): Promise<void> {
  const { host } = context;
  // Mistakes in the template are shown before anything is started.
  const template = await loadCheckedTemplate(context, file);
  requireSupported(template);
  if (!isInsideNamespace(host)) {
    const architecture = architectureOf(template.template.target.arch);
    if (architecture !== undefined) await requireArchitecture(host, architecture);
    context.setExitCode(await enterNamespace(host));
    return;
  }

  const interruption = watchInterruption();
  const settings = withMirrors(await context.settings(), flags.mirror);
  const reporter = await openReporter(context, settings);
  const { emit } = reporter;
  const request: BuildRequest = {
    template,
    settings,
    offline: flags.offline === true,
    emit,
    log: (line) => emit({ type: "debug", message: line }),
    signal: interruption.signal,
  };
  const buildHost: Host = { ...host, processes: createProcessRunner(emit) };
  try {
    emit({ type: "info", message: `Loading template: ${file}` });
    const provider = await selectProvider(buildHost, request);
    emit({ type: "info", message: `Initializing provider: ${provider.id}` });
    const outcome = await buildImage(buildHost, provider, request, {
      ...pathOption(host, "outputDirectory", flags.output ?? settings.outputDir),
      ...pathOption(host, "dotFile", flags.dotfile),
      systemPackagesOnly: flags.systemPackagesOnly === true,
      useImageCache: flags.imageCache,
    });
    emit({ type: "info", message: "Build completed successfully" });
    finish(context, reporter, outcome);
  } catch (error) {
    const { text, exitCode } = renderError(interruption.errorFor(error));
    reporter.print(text);
    reporter.finish();
    context.setExitCode(exitCode);
  }
}

function finish(context: CliContext, reporter: Reporter, { artifacts, evidence }: BuildOutcome): void {
  reporter.finish();
  for (const artifact of artifacts) context.print(artifact.path);
  for (const file of evidence) context.print(file);
}

function pathOption<K extends string>(host: Host, key: K, value: string | undefined): { readonly [P in K]?: string } {
  if (value === undefined) return {};
  return { [key]: path.resolve(host.environment.workingDirectory, value) } as { readonly [P in K]: string };
}

function withMirrors(settings: Settings, mirrors: Readonly<Record<string, MirrorSetting>> = {}): Settings {
  return { ...settings, mirrors: { ...settings.mirrors, ...mirrors } };
}

/** Turns an ending signal into an abort, and whatever the abort made fail into one clear error. */
function watchInterruption() {
  const controller = new AbortController();
  let received: EndingSignal | undefined;
  watchEndingSignals((signal) => {
    received = signal;
    controller.abort();
  });
  return {
    signal: controller.signal,
    errorFor: (error: unknown): unknown => {
      if (received === undefined) return error;
      const code = received === "SIGINT" ? "INTERRUPTED" : "TERMINATED";
      return new ComposerError(code, `The build was ended by ${received}; nothing unfinished was kept`);
    },
  };
}

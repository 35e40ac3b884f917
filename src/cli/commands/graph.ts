import path from "node:path";
import type { Command } from "commander";
import { resolvePackages } from "../../build/index.ts";
import { requireSupported } from "../../config/index.ts";
import { drawDependencies, graphFormatOf, type Lock } from "../../ospackage/index.ts";
import { withPositions } from "../check-packages-online.ts";
import type { CliContext } from "../context.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import { MIRROR_OPTION, type MirrorFlags, withMirrors } from "../mirror-option.ts";
import { openReporter } from "../open-reporter.ts";

interface GraphFlags {
  readonly output?: string;
  readonly systemPackagesOnly?: true;
  readonly mirror?: MirrorFlags;
  readonly offline?: true;
}

export function registerGraph(program: Command, context: CliContext): void {
  program
    .command("graph")
    .description("draw which packages of the image need which, without building it")
    .argument("<template>", "template file")
    .option(
      "-o, --output <file>",
      "write it there: a picture when the name ends in .svg, else DOT; otherwise print DOT",
    )
    .option("--system-packages-only", "leave out what only the base system needs")
    .option(...MIRROR_OPTION)
    .option("--offline", "ask no repository; indexes must be in the cache")
    .action((file: string, flags: GraphFlags) => graph(context, file, flags));
}

async function graph(context: CliContext, file: string, flags: GraphFlags): Promise<void> {
  const { host } = context;
  const settings = withMirrors(await context.settings(), flags.mirror);
  const template = await loadCheckedTemplate(context, file);
  requireSupported(template);
  const reporter = await openReporter(context, settings);
  const request = { template, settings, offline: flags.offline === true, emit: reporter.emit, log: () => undefined };
  let lock: Lock;
  try {
    ({ lock } = await withPositions(template, () => resolvePackages(host, request)));
  } finally {
    reporter.finish();
  }
  const { output } = flags;
  const systemPackagesOnly = flags.systemPackagesOnly === true;
  const drawn = drawDependencies(lock, { format: graphFormatOf(output ?? ""), systemPackagesOnly });
  if (output === undefined) return context.print(drawn);
  await host.files.writeAtomic(path.resolve(host.environment.workingDirectory, output), drawn);
  context.print(output);
}

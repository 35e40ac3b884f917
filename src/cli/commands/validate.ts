import type { Command } from "commander";
import { resolvePackages } from "../../build/index.ts";
import { type Issue, IssuesError, type MergedTemplate, formatIssues, requireSupported } from "../../config/index.ts";
import { exitCodeOf, noEvents } from "../../core/index.ts";
import { UnknownPackagesError, type UnknownPackage } from "../../ospackage/index.ts";
import type { CliContext } from "../context.ts";
import { formatTemplateWithOrigins } from "../format-template.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import { MIRROR_OPTION, type MirrorFlags, withMirrors } from "../mirror-option.ts";
import { validationJson } from "../report/validation-json.ts";

interface ValidateFlags {
  readonly merged?: true;
  readonly online?: true;
  readonly mirror?: MirrorFlags;
  readonly json?: true;
}

export function registerValidate(program: Command, context: CliContext): void {
  program
    .command("validate")
    .description("check a template without building")
    .argument("<template>", "template file")
    .option("--merged", "print the template merged with its defaults, and where each value comes from")
    .option("--online", "also ask the repositories whether all packages exist and fit together")
    .option(...MIRROR_OPTION)
    .option("--json", "print the findings as JSON")
    .action((file: string, flags: ValidateFlags) =>
      flags.json === true ? validateAsJson(context, file, flags) : validate(context, file, flags),
    );
}

async function validate(context: CliContext, file: string, flags: ValidateFlags): Promise<void> {
  const merged = await loadCheckedTemplate(context, file);
  const show = (title: string, issues: readonly Issue[]): void => {
    if (issues.length > 0) context.printError([title, "", ...formatIssues(issues, merged.sources), ""].join("\n"));
  };
  show(`WARNING: Template "${file}" has something that was probably not meant:`, merged.warnings);
  show(`WARNING: Template "${file}" is valid, but "build" refuses it:`, merged.unsupported);
  if (flags.online === true) await checkPackages(context, merged, flags);
  context.print(flags.merged === true ? formatTemplateWithOrigins(merged) : summaryOf(file, merged));
}

/** Standard output has one JSON document, whatever is found. */
async function validateAsJson(context: CliContext, file: string, flags: ValidateFlags): Promise<void> {
  try {
    const merged = await loadCheckedTemplate(context, file);
    if (flags.online === true) await checkPackages(context, merged, flags);
    context.print(validationJson({ file, errors: [], others: [...merged.warnings, ...merged.unsupported], merged }));
  } catch (error) {
    if (!(error instanceof IssuesError)) throw error;
    context.print(validationJson({ file, errors: error.issues, others: error.others }));
    context.setExitCode(exitCodeOf(error.code));
  }
}

/** @throws {IssuesError} packages that no repository has, where the template names them */
async function checkPackages(context: CliContext, template: MergedTemplate, flags: ValidateFlags): Promise<void> {
  requireSupported(template);
  const settings = withMirrors(await context.settings(), flags.mirror);
  const request = { template, settings, offline: false, emit: noEvents, log: () => undefined };
  try {
    await resolvePackages(context.host, request);
  } catch (error) {
    if (!(error instanceof UnknownPackagesError)) throw error;
    throw new IssuesError(`template "${template.files.at(-1) ?? ""}"`, error.unknown.map(issueOf), template.sources);
  }
}

function issueOf({ request, state, didYouMean }: UnknownPackage): Issue {
  const { text, origin, position } = request;
  return {
    code: "RESOLVER_UNKNOWN_PACKAGE",
    path: origin,
    message: `"${text}": ${state}`,
    ...(didYouMean === undefined ? {} : { didYouMean }),
    ...(position === undefined ? {} : { position: { ...position, length: text.length } }),
  };
}

function summaryOf(file: string, { template }: MergedTemplate): string {
  const { image, target } = template;
  const what = `${image.name} ${image.version}, ${target.imageType} for ${target.os}/${target.dist} on ${target.arch}`;
  return `Template "${file}" is valid: ${what}`;
}

import type { Command } from "commander";
import { type Issue, IssuesError, type MergedTemplate, formatIssues } from "../../config/index.ts";
import { exitCodeOf } from "../../core/index.ts";
import type { CliContext } from "../context.ts";
import { formatTemplateWithOrigins } from "../format-template.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import { importNotesText } from "../import-notes.ts";
import { MIRROR_OPTION, type MirrorFlags } from "../mirror-option.ts";
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
  const notes = merged.imported === undefined ? undefined : importNotesText(merged.imported);
  if (notes !== undefined) context.printError(notes);
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

/** Loads what talks to repositories only now: most validations ask nobody. */
async function checkPackages(context: CliContext, template: MergedTemplate, flags: ValidateFlags): Promise<void> {
  const { checkPackagesOnline } = await import("../check-packages-online.ts");
  await checkPackagesOnline(context, template, flags.mirror);
}

function summaryOf(file: string, { template }: MergedTemplate): string {
  const { image, target } = template;
  const what = `${image.name} ${image.version}, ${target.imageType} for ${target.os}/${target.dist} on ${target.arch}`;
  return `Template "${file}" is valid: ${what}`;
}

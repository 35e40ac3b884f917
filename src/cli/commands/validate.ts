import type { Command } from "commander";
import { type MergedTemplate, formatIssues } from "../../config/index.ts";
import type { CliContext } from "../context.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import { formatTemplate } from "../format-template.ts";

export function registerValidate(program: Command, context: CliContext): void {
  program
    .command("validate")
    .description("check a template without building: everything that needs no network")
    .argument("<template>", "template file")
    .option("--merged", "print the template merged with the defaults of its target")
    .action(async (file: string, options: { readonly merged?: true }) => {
      const merged = await loadCheckedTemplate(context, file);
      if (merged.unsupported.length > 0) {
        const warning = `WARNING: Template "${file}" is valid, but "build" refuses it:`;
        context.printError([warning, "", ...formatIssues(merged.unsupported, merged.sources)].join("\n"));
      }
      context.print(options.merged === true ? formatTemplate(merged.template) : summaryOf(file, merged));
    });
}

function summaryOf(file: string, { template }: MergedTemplate): string {
  const { image, target } = template;
  const what = `${image.name} ${image.version}, ${target.imageType} for ${target.os}/${target.dist} on ${target.arch}`;
  return `Template "${file}" is valid: ${what}`;
}

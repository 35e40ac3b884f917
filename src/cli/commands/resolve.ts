import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { formatTemplate, formatTemplateWithOrigins } from "../format-template.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";

export function registerResolve(program: Command, context: CliContext): void {
  program
    .command("resolve")
    .description("print a template merged with what it extends and the defaults of its target, without secrets")
    .argument("<template>", "template file")
    .option("--origin", "show the file and line that each value comes from")
    .action(async (file: string, options: { readonly origin?: true }) => {
      const merged = await loadCheckedTemplate(context, file);
      context.print(options.origin === true ? formatTemplateWithOrigins(merged) : formatTemplate(merged.template));
    });
}

import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { formatTemplate } from "../format-template.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";

export function registerResolve(program: Command, context: CliContext): void {
  program
    .command("resolve")
    .description("print a template merged with the defaults of its target, without secrets")
    .argument("<template>", "template file")
    .action(async (file: string) => {
      const { template } = await loadCheckedTemplate(context, file);
      context.print(formatTemplate(template));
    });
}

import type { Command } from "commander";
import { askTemplate, type QuestionFlags, subjectName } from "../ask-template.ts";
import type { CliContext } from "../context.ts";
import { MIRROR_OPTION } from "../mirror-option.ts";
import { whyNotText } from "../why-not-text.ts";

export function registerWhyNot(program: Command, context: CliContext): void {
  program
    .command("why-not")
    .description("show what keeps a package out of the image, and what it would bring along")
    .argument("<template>", "template file")
    .argument("<package>", "as a template asks for it: nginx, nginx=1.26-1, nginx>=1.26")
    .option("--tool-root", "ask about the programs that make the image instead")
    .option("--json", "print the answer as JSON")
    .option(...MIRROR_OPTION)
    .option("--offline", "ask no repository; indexes must be in the cache")
    .action((file: string, name: string, flags: QuestionFlags) => whyNot(context, file, name, flags));
}

async function whyNot(context: CliContext, file: string, name: string, flags: QuestionFlags): Promise<void> {
  const answer = await askTemplate(context, file, flags, (questions) => questions.whyNot(name));
  const text =
    flags.json === true
      ? JSON.stringify({ schemaVersion: 1, ...answer }, null, 2)
      : whyNotText(answer, subjectName(flags), `os-image-composer why ${file}`);
  context.print(text);
  if (answer.verdict === "installed") context.setExitCode(1);
}

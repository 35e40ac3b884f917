import type { Command } from "commander";
import { ComposerError } from "../../core/index.ts";
import type { PackageQuestions, Savings, WhyAnswer } from "../../ospackage/index.ts";
import { askTemplate, type QuestionFlags, subjectName } from "../ask-template.ts";
import type { CliContext } from "../context.ts";
import { MIRROR_OPTION } from "../mirror-option.ts";
import { savingsText, whyText } from "../why-text.ts";

interface WhyFlags extends QuestionFlags {
  readonly size?: true;
  readonly all?: true;
}

export function registerWhy(program: Command, context: CliContext): void {
  program
    .command("why")
    .description("show how a package comes into the image, or with --size what each line of the template costs")
    .argument("<template>", "template file")
    .argument("[package]", "name of a package, or of what packages provide")
    .option("--size", "show what removing a line of the template would save")
    .option("--tool-root", "ask about the programs that make the image instead")
    .option("--all", "show every chain, however many there are")
    .option("--json", "print the answer as JSON")
    .option(...MIRROR_OPTION)
    .option("--offline", "ask no repository; indexes must be in the cache")
    .action((file: string, name: string | undefined, flags: WhyFlags) => why(context, file, name, flags));
}

async function why(context: CliContext, file: string, name: string | undefined, flags: WhyFlags): Promise<void> {
  if (name === undefined && flags.size !== true) {
    throw new ComposerError("USAGE", "Cannot read the command line: no package is named", {
      hint: "Name a package, or add --size to see what each line of the template costs",
    });
  }
  const { answers, savings } = await askTemplate(context, file, flags, (questions) => {
    const answers = name === undefined ? [] : questions.why(name);
    return { answers, savings: flags.size === true ? savingsOf(questions, answers, name) : undefined };
  });
  const isMissing = name !== undefined && answers.length === 0;
  if (flags.json === true) {
    context.print(
      JSON.stringify({ schemaVersion: 1, ...(name === undefined ? {} : { name, answers }), savings }, null, 2),
    );
  } else if (isMissing) {
    const where = subjectName(flags);
    const command = flags.toolRoot === true ? "why-not --tool-root" : "why-not";
    context.print(
      `${name} is not in ${where}\nhint: "os-image-composer ${command} ${file} ${name}" says what keeps it out`,
    );
  } else {
    const texts = answers.map((answer) => whyText(answer, subjectName(flags), flags.all === true));
    context.print([...texts, ...(savings === undefined ? [] : [savingsText(savings, name)])].join("\n\n"));
  }
  if (isMissing) context.setExitCode(1);
}

/** Of a package, only the lines that bring it in. */
function savingsOf(questions: PackageQuestions, answers: readonly WhyAnswer[], name: string | undefined): Savings {
  const savings = questions.savings();
  if (name === undefined) return savings;
  const requests = new Set(answers.flatMap(({ chains }) => chains.map(({ request }) => request)));
  return { ...savings, lines: savings.lines.filter(({ request }) => requests.has(request)) };
}

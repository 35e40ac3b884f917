import { askPackages } from "../build/index.ts";
import { requireSupported } from "../config/index.ts";
import type { PackageQuestions } from "../ospackage/index.ts";
import type { QuestionSubject } from "../provider/index.ts";
import { withPositions } from "./check-packages-online.ts";
import type { CliContext } from "./context.ts";
import { loadCheckedTemplate } from "./load-checked-template.ts";
import { type MirrorFlags, withMirrors } from "./mirror-option.ts";
import { openReporter } from "./open-reporter.ts";

export interface QuestionFlags {
  readonly mirror?: MirrorFlags;
  readonly offline?: true;
  readonly toolRoot?: true;
  readonly json?: true;
}

/** Chooses the packages of a template, and asks about the choice. @throws what `build` throws until then */
export async function askTemplate<T>(
  context: CliContext,
  file: string,
  flags: QuestionFlags,
  question: (questions: PackageQuestions) => T,
): Promise<T> {
  const settings = withMirrors(await context.settings(), flags.mirror);
  const template = await loadCheckedTemplate(context, file);
  requireSupported(template);
  const reporter = await openReporter(context, settings);
  const request = {
    template,
    settings,
    offline: flags.offline === true,
    emit: reporter.emit,
    log: () => undefined,
  };
  const subject: QuestionSubject = flags.toolRoot === true ? "tool-root" : "image";
  try {
    return await withPositions(template, () => askPackages(context.host, request, subject, question));
  } finally {
    reporter.finish();
  }
}

/** What a question is about, in words. */
export function subjectName({ toolRoot }: QuestionFlags): string {
  return toolRoot === true ? "the tool root" : "the image";
}

import type { RpmPackage } from "../rpm/rpm-index.ts";
import { answerQuestions } from "./explain/answer-questions.ts";
import type { PackageQuestions } from "./explain/package-questions.ts";
import { createRpmProblem, type ResolveRpmOptions, type RpmProblem } from "./rpm-problem.ts";
import { type Resolution, resolve } from "./resolve.ts";

/** What came of asking about packages. */
export type RpmAnswer<T> =
  | { readonly kind: "answered"; readonly answer: T }
  /** Packages that were considered need paths that no known package has: their owners have to be looked up first. */
  | { readonly kind: "needs-file-lists"; readonly paths: readonly string[] };

/**
 * Chooses the packages that a system needs, out of RPM repositories.
 *
 * Preference is dnf's: higher repository priority, the system's own architecture, what no other candidate obsoletes, the
 * newest version; where several names are left, what is there for another reason, what something chosen recommends, what
 * it suggests, else the first by name.
 * @throws as {@link resolve}
 */
export function resolveRpm(options: ResolveRpmOptions): RpmAnswer<Resolution<RpmPackage>> {
  return answerRpm(options, resolve);
}

/** Asks about what {@link resolveRpm} chooses for the same options. @throws as {@link answerQuestions}, and `question` */
export function askRpm<T>(options: ResolveRpmOptions, question: (questions: PackageQuestions) => T): RpmAnswer<T> {
  return answerRpm(options, (problem) => question(answerQuestions(problem)));
}

function answerRpm<T>(options: ResolveRpmOptions, ask: (problem: RpmProblem) => T): RpmAnswer<T> {
  const paths = new Set<string>();
  const problem = createRpmProblem(options, (path) => paths.add(path));
  try {
    const answer = ask(problem);
    if (paths.size === 0) return { kind: "answered", answer };
  } catch (error) {
    // With all owners known there may be a way.
    if (paths.size === 0) throw error;
  }
  return { kind: "needs-file-lists", paths: [...paths] };
}

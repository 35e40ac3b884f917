import type { RpmPackage } from "../rpm/rpm-index.ts";
import { answerQuestions } from "./explain/answer-questions.ts";
import type { PackageQuestions } from "./explain/package-questions.ts";
import { createRpmProblem, type ResolveRpmOptions } from "./rpm-problem.ts";
import { type Resolution, resolve } from "./resolve.ts";

/** What came of resolving. */
export type RpmResolution =
  | { readonly kind: "resolved"; readonly resolution: Resolution<RpmPackage> }
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
export function resolveRpm(options: ResolveRpmOptions): RpmResolution {
  const problem = createRpmProblem(options);
  try {
    const resolution = resolve(problem);
    const paths = problem.pool.wantedFiles();
    return paths.length > 0 ? { kind: "needs-file-lists", paths } : { kind: "resolved", resolution };
  } catch (error) {
    const paths = problem.pool.wantedFiles();
    if (paths.length === 0) throw error;
    return { kind: "needs-file-lists", paths };
  }
}

/** Answers about what {@link resolveRpm} chooses for the same options. @throws as {@link answerQuestions} */
export function rpmQuestions(options: ResolveRpmOptions): PackageQuestions {
  return answerQuestions(createRpmProblem(options));
}

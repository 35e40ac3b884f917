import type { DebPackage } from "../deb/index.ts";
import { createDebProblem, type ResolveDebOptions } from "./deb-problem.ts";
import { answerQuestions } from "./explain/answer-questions.ts";
import type { PackageQuestions } from "./explain/package-questions.ts";
import { type Resolution, resolve } from "./resolve.ts";

/**
 * Chooses the packages that a system needs, out of Debian repositories.
 *
 * Preference is apt's: alternatives in their order, unless a later one is there when a walk from the roots into the depth
 * arrives; higher repository priority, then newer versions; real packages before providers, of providers the one with the
 * more important Priority field, then the first by name (where apt takes the one that its index has last).
 * @throws as {@link resolve}
 */
export function resolveDeb(options: ResolveDebOptions): Resolution<DebPackage> {
  return resolve(createDebProblem(options));
}

/** Answers about what {@link resolveDeb} chooses for the same options. @throws as {@link answerQuestions} */
export function debQuestions(options: ResolveDebOptions): PackageQuestions {
  return answerQuestions(createDebProblem(options));
}

import { createDebProblem, type ResolveDebOptions } from "../deb-problem.ts";
import { explainDeb } from "./explain-deb.ts";
import { lineSavings } from "./line-savings.ts";
import { noSuchPackages } from "./no-such-packages.ts";
import type { ExclusionLine, PackageQuestions, WhyAnswer } from "./package-questions.ts";
import { shortestChains } from "./shortest-chains.ts";
import { findSolution } from "./solution.ts";
import { unsatisfiable } from "./unsatisfiable.ts";
import { whyNotDeb } from "./why-not-deb.ts";

/**
 * Answers about what {@link resolveDeb} chooses for the same options.
 *
 * @param exclusions what `options.exclude` says, with the places where it was written
 * @throws {RESOLVER_UNKNOWN_PACKAGE} @throws {RESOLVER_UNSATISFIABLE} there is no choice to ask about
 */
export function debQuestions(
  options: ResolveDebOptions,
  exclusions: readonly ExclusionLine[] = (options.exclude ?? []).map((text) => ({ text })),
): PackageQuestions {
  const problem = createDebProblem(options);
  if (problem.unknown.length > 0) throw noSuchPackages(problem, options);
  const result = findSolution(explainDeb(problem.provider), problem.roots);
  if (!("solution" in result)) throw unsatisfiable(result.core, problem, options);
  const { solution } = result;

  function why(name: string): readonly WhyAnswer[] {
    const { provider, packages } = solution;
    const chosen = provider.named(name).filter((id) => packages.has(id));
    const real = chosen.filter((id) => provider.facts(id).name === name);
    return (real.length > 0 ? real : chosen).map((id) => ({
      package: provider.facts(id),
      ...shortestChains(id, solution),
    }));
  }

  return {
    why,
    savings: () => lineSavings(solution),
    whyNot: (text) => whyNotDeb(text, { options, problem, solution, exclusions }),
  };
}

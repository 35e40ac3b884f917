import type { Problem } from "../problem.ts";
import { lineSavings } from "./line-savings.ts";
import { noSuchPackages } from "./no-such-packages.ts";
import type { PackageQuestions, WhyAnswer } from "./package-questions.ts";
import { shortestChains } from "./shortest-chains.ts";
import { findSolution } from "./solution.ts";
import { unsatisfiable } from "./unsatisfiable.ts";
import { whyNot } from "./why-not.ts";

/**
 * Answers about what is chosen for a problem.
 *
 * @throws {RESOLVER_UNKNOWN_PACKAGE} @throws {RESOLVER_UNSATISFIABLE} there is no choice to ask about
 */
export function answerQuestions(problem: Problem): PackageQuestions {
  if (problem.unknown.length > 0) throw noSuchPackages(problem);
  const result = findSolution(problem.provider, problem.roots);
  if (!("solution" in result)) throw unsatisfiable(result.core, problem);
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
    whyNot: (text) => whyNot(text, { problem, solution }),
  };
}

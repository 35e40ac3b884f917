import { createChoiceBranches } from "./choice-branches.ts";
import { saysInstalled, solvableOf } from "./clause.ts";
import type { Decisions, Revision } from "./decisions.ts";
import { createOpenRequirements } from "./open-requirements.ts";
import { createOpenWishes } from "./open-wishes.ts";
import { createRuleRounds } from "./rule-rounds.ts";
import type { CandidateChoices, RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/**
 * Decisions as libsolv makes them: the roots in their order, then one rule after the other in the order of the metadata,
 * round and round, later packages first. What has one best candidate is decided when its turn comes; choices between
 * equally good ones wait until nothing else is left. What is installed already fills a rule, whatever the preference.
 * In the end a choice is made once more when one of its other candidates came to be installed as well, or is
 * recommended when the one taken is not.
 *
 * @see libsolv's `resolve_jobrules`, `resolve_dependencies` and the last step of `solver_run_sat`
 */
export function ruleDecisions(
  provider: SolverProvider,
  choices: CandidateChoices,
  roots: readonly RequirementId[],
  trail: Trail,
): Decisions {
  const open = createOpenRequirements(provider, trail);
  const branches = createChoiceBranches(choices, trail, open);
  const rounds = createRuleRounds(provider, choices, open);
  const wishes = createOpenWishes(provider, open);
  /** What is installed now. */
  let chosen: readonly SolvableId[] = [];

  function next(): SolvableId | undefined {
    const level = trail.level();
    chosen = trail.literals.filter(saysInstalled).map(solvableOf);
    branches.backtrackTo(level);
    rounds.backtrackTo(level);
    for (const root of roots) {
      const candidates = open.candidatesOf(root);
      if (candidates === undefined) continue;
      rounds.startOver();
      return branches.decide(candidates, chosen);
    }
    wishes.backtrackTo(level);
    const decision = nextWish() ?? nextRule();
    if (decision !== undefined) return decision;
    wishes.of(chosen);
    return nextWish();
  }

  function nextWish(): SolvableId | undefined {
    const candidates = wishes.next(trail.level());
    if (candidates === undefined) return undefined;
    rounds.startOver();
    return branches.decide(candidates, chosen);
  }

  function nextRule(): SolvableId | undefined {
    const candidates = rounds.next(trail.level(), chosen);
    return candidates === undefined ? undefined : branches.decide(candidates, chosen);
  }

  function revise(): Revision | undefined {
    const revision = branches.revise(chosen);
    if (revision === undefined) return undefined;
    rounds.startOver();
    wishes.clear();
    return revision;
  }

  return { next, revise };
}

import type { OpenRequirements } from "./open-requirements.ts";
import { createRequirementRules, type Rule } from "./requirement-rules.ts";
import type { CandidateChoices, SolvableId, SolverProvider } from "./solver-provider.ts";

/** The rounds over the rules, between two decisions about something else. */
export interface RuleRounds {
  /** The candidates of the rule whose turn it is; undefined when nothing is left to decide. */
  next(level: number, chosen: readonly SolvableId[]): readonly SolvableId[] | undefined;
  startOver(): void;
  /** Starts over when a decision from before the rounds was taken back. */
  backtrackTo(level: number): void;
}

/** Single best candidates come in the turn of their rules; choices between equally good ones when nothing else is left. */
export function createRuleRounds(
  provider: SolverProvider,
  choices: CandidateChoices,
  open: OpenRequirements,
): RuleRounds {
  const rules = createRequirementRules(provider, choices);
  /** The level at which the rounds began. */
  let start = Infinity;
  let latest: Rule | undefined;
  /** The first choice that had to wait, until it is its turn. */
  let postponed: Rule | undefined;
  let isChoosing = false;

  function startOver(): void {
    start = Infinity;
    latest = undefined;
    postponed = undefined;
    isChoosing = false;
  }

  function next(level: number, chosen: readonly SolvableId[]): readonly SolvableId[] | undefined {
    if (start === Infinity) start = level;
    rules.enter(chosen);
    if (isChoosing) return choose(rules.after(latest));
    for (const rule of rules.after(latest)) {
      const best = choices.best(openCandidates(rule) ?? [], chosen);
      if (best.length === 1) {
        latest = rule;
        return best;
      }
      if (best.length > 1) postponed ??= rule;
    }
    if (postponed === undefined) return undefined;
    isChoosing = true;
    return choose([postponed, ...rules.after(postponed)]);
  }

  function choose(inTurn: readonly Rule[]): readonly SolvableId[] | undefined {
    for (const rule of inTurn) {
      const candidates = openCandidates(rule);
      if (candidates === undefined) continue;
      latest = rule;
      return candidates;
    }
    return undefined;
  }

  function openCandidates({ solvable, requirement }: Rule): readonly SolvableId[] | undefined {
    return open.isInstalled(solvable) ? open.candidatesOf(requirement) : undefined;
  }

  return {
    next,
    startOver,
    backtrackTo: (level) => {
      if (level < start) startOver();
    },
  };
}

import type { Revision } from "./decisions.ts";
import type { OpenRequirements } from "./open-requirements.ts";
import type { CandidateChoices, SolvableId } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/** The choices made so far between equally good candidates. */
export interface ChoiceBranches {
  /** The candidate to take, remembered when others are as good; undefined when there is none. */
  decide(candidates: readonly SolvableId[], chosen: readonly SolvableId[]): SolvableId | undefined;
  /** A choice to make once more, in another way; those after it are forgotten. */
  revise(chosen: readonly SolvableId[]): Revision | undefined;
  /** Forgets choices that were taken back. */
  backtrackTo(level: number): void;
}

/** A choice that was made: others than the one taken were as good. */
interface Branch {
  /** Before the decision. */
  readonly level: number;
  readonly tried: SolvableId[];
  readonly untried: SolvableId[];
}

/** Far more than real packages need: bounds what metadata made for it can cost. */
const MAX_REVISIONS = 100;

export function createChoiceBranches(
  choices: CandidateChoices,
  trail: Pick<Trail, "level" | "levelOf">,
  open: OpenRequirements,
): ChoiceBranches {
  let branches: Branch[] = [];
  let revisions = 0;

  function decide(candidates: readonly SolvableId[], chosen: readonly SolvableId[]): SolvableId | undefined {
    const [best, ...others] = choices.best(candidates, chosen);
    if (best !== undefined && others.length > 0) {
      branches.push({ level: trail.level(), tried: [best], untried: others });
    }
    return best;
  }

  function revise(chosen: readonly SolvableId[]): Revision | undefined {
    if (revisions >= MAX_REVISIONS) return undefined;
    for (const [at, branch] of branches.entries()) {
      const instead = reasonToRevise(branch, chosen);
      if (instead === undefined) continue;
      revisions += 1;
      branch.untried.splice(branch.untried.indexOf(instead), 1);
      branch.tried.push(instead);
      branches.length = at + 1;
      return { level: branch.level, solvable: instead };
    }
    return undefined;
  }

  /** A candidate that came to be installed as well, or is recommended when the one taken is not. */
  function reasonToRevise({ level, tried, untried }: Branch, chosen: readonly SolvableId[]): SolvableId | undefined {
    const later = untried.find((solvable) => open.isInstalled(solvable) && trail.levelOf(solvable) > level);
    if (later !== undefined) return later;
    const current = tried.find((solvable) => open.isInstalled(solvable) && trail.levelOf(solvable) === level + 1);
    if (current === undefined || choices.isRecommended(current, chosen)) return undefined;
    return untried.find((solvable) => choices.isRecommended(solvable, chosen));
  }

  return {
    decide,
    revise,
    backtrackTo: (level) => {
      branches = branches.filter((branch) => branch.level < level);
    },
  };
}

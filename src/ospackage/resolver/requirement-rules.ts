import type { CandidateChoices, RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";

/** A requirement of an installed solvable that several candidates could fill. */
export interface Rule {
  readonly solvable: SolvableId;
  readonly requirement: RequirementId;
  /** In the order of the metadata. */
  readonly candidates: readonly SolvableId[];
}

/** The rules of all that was installed at some time, later packages of the metadata first. */
export interface RequirementRules {
  /** Adds the rules of solvables that were not installed before. */
  enter(chosen: readonly SolvableId[]): void;
  /** All rules once, beginning after this one, which comes last. */
  after(rule: Rule | undefined): readonly Rule[];
}

export function createRequirementRules(provider: SolverProvider, choices: CandidateChoices): RequirementRules {
  const rules: Rule[] = [];
  const entered = new Set<SolvableId>();

  function enter(chosen: readonly SolvableId[]): void {
    const added = chosen.filter((solvable) => !entered.has(solvable));
    for (const solvable of added) {
      entered.add(solvable);
      const own = provider
        .requirements(solvable)
        .map((requirement) => ({ solvable, requirement, candidates: provider.candidates(requirement) }))
        .filter(({ candidates }) => candidates.length > 1)
        .map((rule) => ({ ...rule, candidates: rule.candidates.toSorted((a, b) => choices.compare(a, b)) }));
      rules.push(...own.sort(compareCandidates));
    }
    if (added.length > 0) rules.sort((a, b) => choices.compare(b.solvable, a.solvable));
  }

  function compareCandidates(a: Rule, b: Rule): number {
    for (const [at, candidate] of a.candidates.entries()) {
      const other = b.candidates[at];
      if (other === undefined) return 1;
      if (candidate !== other) return choices.compare(candidate, other);
    }
    return a.candidates.length - b.candidates.length;
  }

  function after(rule: Rule | undefined): readonly Rule[] {
    const at = rule === undefined ? 0 : rules.indexOf(rule) + 1;
    return [...rules.slice(at), ...rules.slice(0, at)];
  }

  return { enter, after };
}

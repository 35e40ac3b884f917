import { installed, saysInstalled, solvableOf } from "./clause.ts";
import type { Decisions, Revision } from "./decisions.ts";
import type { CandidateChoices, RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/** A requirement of an installed solvable that several candidates could fill. */
interface Rule {
  readonly solvable: SolvableId;
  readonly requirement: RequirementId;
  /** In the order of the metadata. */
  readonly candidates: readonly SolvableId[];
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
  const rules: Rule[] = [];
  const entered = new Set<SolvableId>();
  let branches: Branch[] = [];
  let revisions = 0;
  /** What is installed now. */
  let chosen: readonly SolvableId[] = [];
  /** The level at which the rounds began: they end when a decision from before is taken back. */
  let start = Infinity;
  let latest: Rule | undefined;
  /** The first choice that had to wait, until it is its turn. */
  let postponed: Rule | undefined;
  let isChoosing = false;
  /** Those whose wishes are looked at before anything that came with one of them is decided. */
  let wishing: readonly SolvableId[] = [];
  let wishLevel = 0;

  function next(): SolvableId | undefined {
    const level = trail.level();
    chosen = trail.literals.filter(saysInstalled).map(solvableOf);
    branches = branches.filter((branch) => branch.level < level);
    if (level < start) startOver();
    for (const root of roots) {
      const open = openFor(root);
      if (open === undefined) continue;
      startOver();
      return decide(open);
    }
    if (level < wishLevel) wishing = [];
    const decision = decideWish() ?? decideRule();
    if (decision !== undefined) return decision;
    wishing = chosen;
    return decideWish();
  }

  function startOver(): void {
    start = Infinity;
    latest = undefined;
    postponed = undefined;
    isChoosing = false;
  }

  function decideRule(): SolvableId | undefined {
    if (start === Infinity) start = trail.level();
    enterInstalled();
    if (isChoosing) return choose(rulesAfter(latest));
    for (const rule of rulesAfter(latest)) {
      const best = choices.best(openCandidates(rule) ?? [], chosen);
      if (best.length === 1) {
        latest = rule;
        return best[0];
      }
      if (best.length > 1) postponed ??= rule;
    }
    if (postponed === undefined) return undefined;
    isChoosing = true;
    return choose([postponed, ...rulesAfter(postponed)]);
  }

  function choose(inTurn: readonly Rule[]): SolvableId | undefined {
    const open = inTurn.find((rule) => openCandidates(rule) !== undefined);
    if (open === undefined) return undefined;
    latest = open;
    return decide(openCandidates(open) ?? []);
  }

  function decideWish(): SolvableId | undefined {
    for (const solvable of wishing) {
      for (const wish of provider.wishes(solvable)) {
        const open = openFor(wish) ?? [];
        if (open.length === 0) continue;
        startOver();
        wishLevel = trail.level() + 1;
        return decide(open);
      }
    }
    wishing = [];
    return undefined;
  }

  function decide(open: readonly SolvableId[]): SolvableId | undefined {
    const [best, ...others] = choices.best(open, chosen);
    if (best !== undefined && others.length > 0) {
      branches.push({ level: trail.level(), tried: [best], untried: others });
    }
    return best;
  }

  /** All rules once, this one last. */
  function rulesAfter(rule: Rule | undefined): readonly Rule[] {
    const at = rule === undefined ? 0 : rules.indexOf(rule) + 1;
    return [...rules.slice(at), ...rules.slice(0, at)];
  }

  function enterInstalled(): void {
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

  function openCandidates({ solvable, requirement }: Rule): readonly SolvableId[] | undefined {
    return isInstalled(solvable) ? openFor(requirement) : undefined;
  }

  /** What could still fill a requirement; undefined when it is filled or does not count. */
  function openFor(requirement: RequirementId): readonly SolvableId[] | undefined {
    const candidates = provider.candidates(requirement);
    if (candidates.some(isInstalled) || !provider.conditions(requirement).every(isInstalled)) return undefined;
    return candidates.filter((candidate) => !trail.isFalse(installed(candidate)));
  }

  function revise(): Revision | undefined {
    if (revisions >= MAX_REVISIONS) return undefined;
    for (const [at, branch] of branches.entries()) {
      const instead = reasonToRevise(branch);
      if (instead === undefined) continue;
      revisions += 1;
      branch.untried.splice(branch.untried.indexOf(instead), 1);
      branch.tried.push(instead);
      branches.length = at + 1;
      startOver();
      wishing = [];
      return { level: branch.level, solvable: instead };
    }
    return undefined;
  }

  function reasonToRevise({ level, tried, untried }: Branch): SolvableId | undefined {
    const later = untried.find((solvable) => isInstalled(solvable) && trail.levelOf(solvable) > level);
    if (later !== undefined) return later;
    const current = tried.find((solvable) => isInstalled(solvable) && trail.levelOf(solvable) === level + 1);
    if (current === undefined || choices.isRecommended(current, chosen)) return undefined;
    return untried.find((solvable) => choices.isRecommended(solvable, chosen));
  }

  function isInstalled(solvable: SolvableId): boolean {
    return trail.isTrue(installed(solvable));
  }

  return { next, revise };
}

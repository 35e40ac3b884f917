import { absent, installed, saysInstalled, solvableOf, type Clause, type ClauseOrigin } from "./clause.ts";
import { learnClause } from "./learn-clause.ts";
import type { Decisions } from "./decisions.ts";
import { nextDecision } from "./next-decision.ts";
import { ruleDecisions } from "./rule-decisions.ts";
import type { RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";
import { createTrail } from "./trail.ts";
import { unsatisfiableCore } from "./unsatisfiable-core.ts";
import { createWatchedClauses } from "./watched-clauses.ts";

export interface SolverStatistics {
  readonly decisions: number;
  readonly conflicts: number;
}

export type SolveResult = SolverStatistics &
  (
    | {
        readonly satisfiable: true;
        /** In the order in which they were chosen. */
        readonly installed: readonly SolvableId[];
      }
    | {
        readonly satisfiable: false;
        /** Facts that contradict each other. */
        readonly core: readonly ClauseOrigin[];
      }
  );

/**
 * Chooses solvables so that every root requirement and every requirement of a chosen one is filled without a conflict.
 *
 * Conflict-driven clause learning with backjumping. Clauses are made for a solvable when it is first considered.
 * Decisions follow the provider's order: the requirement that a walk from the roots meets first, its most preferred
 * candidate first.
 * @see Marques-Silva, Lynce, Malik, "Conflict-Driven Clause Learning SAT Solvers", Handbook of Satisfiability, 2009
 */
export function solve(provider: SolverProvider, roots: readonly RequirementId[]): SolveResult {
  const trail = createTrail();
  const clauses = createWatchedClauses(trail);
  const strategy: Decisions =
    provider.choices === undefined
      ? { next: () => nextDecision(provider, roots, trail), revise: () => undefined }
      : ruleDecisions(provider, provider.choices, roots, trail);
  const entered = new Set<SolvableId>();
  let propagated = 0;
  let decisions = 0;
  let conflicts = 0;

  let conflict = addRoots() ?? propagate();
  for (;;) {
    if (conflict === undefined) {
      let decision = strategy.next();
      if (decision === undefined) {
        const revision = strategy.revise();
        if (revision === undefined) return { satisfiable: true, installed: chosen(), decisions, conflicts };
        backtrackTo(revision.level);
        decision = revision.solvable;
      }
      decisions += 1;
      trail.openLevel();
      trail.assign(installed(decision), undefined);
    } else {
      if (trail.level() === 0) {
        return { satisfiable: false, core: unsatisfiableCore(conflict, trail), decisions, conflicts };
      }
      conflicts += 1;
      const lesson = learnClause(conflict, trail);
      backtrackTo(lesson.level);
      clauses.add(lesson.clause);
    }
    conflict = propagate();
  }

  function backtrackTo(level: number): void {
    trail.backtrackTo(level);
    propagated = trail.literals.length;
  }

  function addRoots(): Clause | undefined {
    return firstOf(
      roots.map((requirement) => {
        const literals = provider.candidates(requirement).map(installed);
        return clauses.add({ literals, origin: { kind: "root", requirement } });
      }),
    );
  }

  function propagate(): Clause | undefined {
    for (; propagated < trail.literals.length; propagated += 1) {
      const literal = trail.literals[propagated];
      if (literal === undefined) break;
      const conflict = clauses.propagate(literal) ?? (saysInstalled(literal) ? enter(solvableOf(literal)) : undefined);
      if (conflict !== undefined) return conflict;
    }
    return undefined;
  }

  /** Makes the clauses of a solvable when it is installed for the first time. */
  function enter(solvable: SolvableId): Clause | undefined {
    if (entered.has(solvable)) return undefined;
    entered.add(solvable);
    const needs = provider.requirements(solvable).map((requirement) => ({
      requirement,
      candidates: provider.candidates(requirement),
      conditions: provider.conditions(requirement).filter((condition) => condition !== solvable),
    }));
    const rivals = provider.versions(solvable).filter((other) => other !== solvable && !entered.has(other));
    // A conflict with itself means nothing, to dpkg as to rpm.
    const enemies = provider.conflicts(solvable).filter((other) => other !== solvable);
    const made: Clause[] = [
      ...needs
        .filter(({ candidates, conditions }) => !candidates.some((id) => id === solvable || conditions.includes(id)))
        .map(({ requirement, candidates, conditions }) => ({
          literals: [absent(solvable), ...conditions.map(absent), ...candidates.map(installed)],
          origin: { kind: "requires", solvable, requirement } as const,
        })),
      ...rivals.map((other) => exclusion({ kind: "one-version", solvable, other })),
      ...enemies.map((other) => exclusion({ kind: "conflicts", solvable, other })),
    ];
    return firstOf(made.map((clause) => clauses.add(clause)));
  }

  function chosen(): readonly SolvableId[] {
    return trail.literals.filter(saysInstalled).map(solvableOf);
  }
}

function exclusion(origin: Extract<ClauseOrigin, { readonly other: SolvableId }>): Clause {
  return { literals: [absent(origin.solvable), absent(origin.other)], origin };
}

/** The conflict that teaches most: a clause of few literals. */
function firstOf(conflicts: readonly (Clause | undefined)[]): Clause | undefined {
  return conflicts
    .filter((clause) => clause !== undefined)
    .reduce<Clause | undefined>((best, clause) => {
      return best === undefined || clause.literals.length < best.literals.length ? clause : best;
    }, undefined);
}

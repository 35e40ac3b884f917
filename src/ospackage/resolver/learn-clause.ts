import { negate, solvableOf, type Clause, type Literal } from "./clause.ts";
import type { SolvableId } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/** A clause that a conflict teaches, and the level to return to, at which it forces its first literal. */
export interface Lesson {
  readonly clause: Clause;
  readonly level: number;
}

/**
 * Resolves a conflict backwards along the trail up to its first unique implication point.
 *
 * @param conflict a clause whose literals are all false, at least one of them since the latest decision
 * @see Marques-Silva, Sakallah, "GRASP: A Search Algorithm for Propositional Satisfiability", 1999
 */
export function learnClause(conflict: Clause, trail: Trail): Lesson {
  const seen = new Set<SolvableId>();
  const antecedents: Clause[] = [];
  const settled: SolvableId[] = [];
  const earlier: Literal[] = [];
  let backjumpLevel = 0;
  let unresolved = 0;
  let position = trail.literals.length;
  let reason: Clause | undefined = conflict;

  for (;;) {
    if (reason !== undefined) antecedents.push(reason);
    for (const literal of reason?.literals ?? []) {
      const solvable = solvableOf(literal);
      if (seen.has(solvable)) continue;
      seen.add(solvable);
      const level = trail.levelOf(solvable);
      if (level === trail.level()) unresolved += 1;
      else if (level === 0) settled.push(solvable);
      else {
        earlier.push(literal);
        backjumpLevel = Math.max(backjumpLevel, level);
      }
    }
    position = latestSeen(trail.literals, position, seen);
    const pivot = trail.literals[position];
    if (pivot === undefined) throw new Error("a conflict has no literal of the current level");
    unresolved -= 1;
    if (unresolved === 0) {
      const literals = [negate(pivot), ...earlier];
      return { clause: { literals, origin: { kind: "learned", antecedents, settled } }, level: backjumpLevel };
    }
    reason = trail.reasonOf(solvableOf(pivot));
  }
}

function latestSeen(literals: readonly Literal[], before: number, seen: ReadonlySet<SolvableId>): number {
  let position = before - 1;
  while (position >= 0 && !seen.has(solvableOf(literals[position] ?? -1))) position -= 1;
  return position;
}

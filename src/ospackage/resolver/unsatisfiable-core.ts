import { solvableOf, type Clause, type ClauseOrigin } from "./clause.ts";
import type { SolvableId } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/** The facts that together leave no solution, from a clause that is false before any decision; each once. */
export function unsatisfiableCore(conflict: Clause, trail: Trail): readonly ClauseOrigin[] {
  const clauses = new Set<Clause>([conflict]);
  const settled = new Set<SolvableId>();
  const origins: ClauseOrigin[] = [];

  function settle(solvables: readonly SolvableId[]): void {
    const open = [...solvables];
    // The list grows while it is walked, and so does the set of clauses below: each is looked at once.
    for (const solvable of open) {
      if (settled.has(solvable)) continue;
      settled.add(solvable);
      const reason = trail.reasonOf(solvable);
      if (reason === undefined) continue;
      clauses.add(reason);
      open.push(...reason.literals.map(solvableOf));
    }
  }

  settle(conflict.literals.map(solvableOf));
  for (const { origin } of clauses) {
    if (origin.kind !== "learned") {
      origins.push(origin);
      continue;
    }
    for (const antecedent of origin.antecedents) clauses.add(antecedent);
    settle(origin.settled);
  }
  return origins;
}

import { installed } from "./clause.ts";
import type { RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/**
 * The solvable to install next: the first candidate that is still possible of the first requirement that nothing fills;
 * undefined when every requirement is filled, and every wish that can be.
 *
 * The order is that of a walk from the roots into the depth, with all roots counted as present first, as apt has it.
 * A requirement is filled by what the walk has met so far: something that the solver already knows to come, but that the
 * walk meets later, does not change which alternative is preferred.
 */
export function nextDecision(
  provider: SolverProvider,
  roots: readonly RequirementId[],
  trail: Trail,
): SolvableId | undefined {
  const met = new Set<SolvableId>();
  const path: Iterator<RequirementId>[] = [];
  for (const root of roots) {
    const present = provider.candidates(root).find(isInstalled);
    if (present === undefined) return preferredCandidate(root);
    met.add(present);
  }
  for (const solvable of [...met].reverse()) path.push(provider.requirements(solvable).values());
  const needed = walk();
  if (needed !== undefined) return needed;
  // The set grows while it is walked.
  for (const solvable of met) {
    for (const wish of provider.wishes(solvable)) {
      if (!provider.conditions(wish).every(isInstalled) || provider.candidates(wish).some((id) => met.has(id)))
        continue;
      const wanted = provider.candidates(wish).find(isInstalled) ?? provider.candidates(wish).find(isPossible);
      if (wanted === undefined) continue;
      const next = visit(wanted) ?? walk();
      if (next !== undefined) return next;
    }
  }
  return undefined;

  /** Goes on from where the path is; the first decision on the way. */
  function walk(): SolvableId | undefined {
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.next();
      if (next.done === true) {
        path.pop();
        continue;
      }
      const decision = fill(next.value);
      if (decision !== undefined) return decision;
    }
    return undefined;
  }

  function fill(requirement: RequirementId): SolvableId | undefined {
    const candidates = provider.candidates(requirement);
    if (candidates.some((candidate) => met.has(candidate))) return undefined;
    if (!provider.conditions(requirement).every(isInstalled)) return undefined;
    return visit(preferredCandidate(requirement));
  }

  /** Walks on below a solvable that is installed; one that is not is the decision. */
  function visit(solvable: SolvableId): SolvableId | undefined {
    if (!isInstalled(solvable)) return solvable;
    met.add(solvable);
    path.push(provider.requirements(solvable).values());
    return undefined;
  }

  function preferredCandidate(requirement: RequirementId): SolvableId {
    const preferred = provider.candidates(requirement).find(isPossible);
    if (preferred === undefined) throw new Error("propagation left a requirement without candidates");
    return preferred;
  }

  function isInstalled(solvable: SolvableId): boolean {
    return trail.isTrue(installed(solvable));
  }

  function isPossible(solvable: SolvableId): boolean {
    return !trail.isFalse(installed(solvable));
  }
}

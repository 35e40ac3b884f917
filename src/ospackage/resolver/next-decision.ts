import { installed } from "./clause.ts";
import type { RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/**
 * The solvable to install next: the first candidate that is still possible of the first requirement that nothing fills;
 * undefined when every requirement is filled.
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
  for (const root of roots) {
    const candidates = provider.candidates(root);
    const present = candidates.find((candidate) => trail.isTrue(installed(candidate)));
    if (present === undefined) return preferredCandidate(candidates, trail);
    met.add(present);
  }
  const path = [...met].map((solvable) => provider.requirements(solvable).values()).reverse();
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.next();
    if (next.done === true) {
      path.pop();
      continue;
    }
    const candidates = provider.candidates(next.value);
    if (candidates.some((candidate) => met.has(candidate))) continue;
    const preferred = preferredCandidate(candidates, trail);
    if (!trail.isTrue(installed(preferred))) return preferred;
    met.add(preferred);
    path.push(provider.requirements(preferred).values());
  }
  return undefined;
}

function preferredCandidate(candidates: readonly SolvableId[], trail: Trail): SolvableId {
  const preferred = candidates.find((candidate) => !trail.isFalse(installed(candidate)));
  if (preferred === undefined) throw new Error("propagation left a requirement without candidates");
  return preferred;
}

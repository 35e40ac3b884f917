import { installed } from "./clause.ts";
import type { RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/** What is installed and what is open, by the trail as it is when asked. */
export interface OpenRequirements {
  isInstalled(solvable: SolvableId): boolean;
  /** What could still fill a requirement; undefined when it is filled or does not count. */
  candidatesOf(requirement: RequirementId): readonly SolvableId[] | undefined;
}

export function createOpenRequirements(
  provider: Pick<SolverProvider, "candidates" | "conditions">,
  trail: Pick<Trail, "isTrue" | "isFalse">,
): OpenRequirements {
  const isInstalled = (solvable: SolvableId): boolean => trail.isTrue(installed(solvable));
  return {
    isInstalled,
    candidatesOf: (requirement) => {
      const candidates = provider.candidates(requirement);
      if (candidates.some(isInstalled) || !provider.conditions(requirement).every(isInstalled)) return undefined;
      return candidates.filter((candidate) => !trail.isFalse(installed(candidate)));
    },
  };
}

import type { ClauseOrigin } from "../clause.ts";
import type { Problem } from "../problem.ts";
import { conflictTree } from "./conflict-tree.ts";
import { minimalConflicts } from "./minimal-conflicts.ts";
import { requestWithPlace } from "./request-label.ts";
import { isRemovable, isSolvable, suggestChanges } from "./suggest-changes.ts";

/** What stands against one more package. */
export interface Opposition {
  readonly details: readonly string[];
  readonly hint?: string;
}

/** Contradictions that are shown as trees. */
const MAX_TREES = 2;

/**
 * Why nothing can be chosen once one more package is asked for, and which lines of the template are in its way.
 *
 * @param core of all roots of `problem`, as the solver gives it
 */
export function standsAgainst(core: readonly ClauseOrigin[], problem: Problem): Opposition {
  const { provider, roots } = problem;
  const conflicts = minimalConflicts(core, roots, ({ request }) => isRemovable(request), provider);
  const trees = conflicts.slice(0, MAX_TREES).map((conflict) =>
    conflictTree(
      conflict.core,
      conflict.roots.map(({ requirement, request }) => ({ requirement, text: requestWithPlace(request) })),
      provider,
    ),
  );
  const left = conflicts.length - trees.length;
  const details = [
    ...trees.flatMap((tree, at) => [...(at === 0 ? [] : [""]), ...tree]),
    ...(left > 0 ? ["", `… and ${left} more ${left === 1 ? "line" : "lines"} of the template`] : []),
  ];
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    const suggestions = suggestChanges(first, problem);
    if (suggestions.length === 0) return { details };
    return {
      details: [...details, "", "It would fit after one of these changes:", ...suggestions.map((text) => `- ${text}`)],
    };
  }
  const inTheWay = new Set(
    conflicts.flatMap((conflict) => conflict.roots.map(({ request }) => request)).filter(isRemovable),
  );
  const requests = problem.options.requests.filter((request) => !inTheWay.has(request));
  if (inTheWay.size === 0 || !isSolvable(problem.again({ requests }))) return { details };
  const lines = [...inTheWay].map((request) => `- ${requestWithPlace(request)}`);
  return { details: [...details, "", "It would fit without all of these:", ...lines] };
}

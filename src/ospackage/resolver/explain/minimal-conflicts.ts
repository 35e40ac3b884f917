import type { ClauseOrigin } from "../clause.ts";
import type { Root } from "../package-request.ts";
import { solve } from "../solve.ts";
import type { SolverProvider } from "../solver-provider.ts";

/** Roots that cannot all be filled; without any one of them the rest could. */
export interface Conflict {
  readonly roots: readonly Root[];
  /** The facts that show it. */
  readonly core: readonly ClauseOrigin[];
}

/** More contradictions than anybody would read; the search ends. */
const MAX_CONFLICTS = 25;

/**
 * The contradictions among roots, each minimal, with no removable root in two of them.
 *
 * @param core of all roots, as {@link solve} gives it
 * @param isRemovable roots that somebody could take back; a contradiction without any is the last one
 */
export function minimalConflicts(
  core: readonly ClauseOrigin[],
  roots: readonly Root[],
  isRemovable: (root: Root) => boolean,
  provider: SolverProvider,
): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  let rest = roots;
  let next: readonly ClauseOrigin[] | undefined = core;
  while (next !== undefined && conflicts.length < MAX_CONFLICTS) {
    const conflict = minimalConflict({ core: next, roots: rootsIn(next, rest) }, provider);
    conflicts.push(conflict);
    const removed = new Set(conflict.roots.filter(isRemovable).map(({ request }) => request));
    if (removed.size === 0) break;
    rest = rest.filter(({ request }) => !removed.has(request));
    next = coreOf(rest, provider);
  }
  return conflicts;
}

/** Leaves out one root after the other, the latest first, for as long as the rest stays unsatisfiable. */
function minimalConflict(found: Conflict, provider: SolverProvider): Conflict {
  let conflict = found;
  for (const root of found.roots.toReversed()) {
    if (!conflict.roots.includes(root)) continue;
    const rest = conflict.roots.filter((other) => other !== root);
    const core = coreOf(rest, provider);
    if (core !== undefined) conflict = { core, roots: rootsIn(core, rest) };
  }
  return conflict;
}

function coreOf(roots: readonly Root[], provider: SolverProvider): readonly ClauseOrigin[] | undefined {
  const result = solve(
    provider,
    roots.map(({ requirement }) => requirement),
  );
  return result.satisfiable ? undefined : result.core;
}

function rootsIn(core: readonly ClauseOrigin[], roots: readonly Root[]): readonly Root[] {
  const requirements = new Set(core.flatMap((origin) => (origin.kind === "root" ? origin.requirement : [])));
  return roots.filter(({ requirement }) => requirements.has(requirement));
}

import { ComposerError } from "../../core/index.ts";
import type { ClauseOrigin } from "./clause.ts";
import { conflictTree } from "./conflict-tree.ts";
import type { DebProvider } from "./deb-provider.ts";
import type { Root } from "./package-request.ts";
import { solve } from "./solve.ts";
import { formatPosition } from "./unknown-packages.ts";

/** The error about requests that exclude each other, reduced to those without which it would not arise. */
export function unsatisfiable(
  core: readonly ClauseOrigin[],
  roots: readonly Root[],
  provider: DebProvider,
): ComposerError {
  const conflict = minimalConflict({ core, roots: rootsIn(core, roots) }, provider);
  const names = conflict.roots.map(({ request }) => `${request.origin} "${request.text}"`);
  const removable = conflict.roots.filter(({ request }) => request.position !== undefined);
  const position = removable.at(-1)?.request.position;
  return new ComposerError("RESOLVER_UNSATISFIABLE", `Cannot install ${listed(names)}: ${stateOf(conflict.roots)}`, {
    hint: "Remove or change one of the requests named here, or add a repository with a version that fits",
    ...(position === undefined ? {} : { position }),
    details: conflict.roots.length === 0 ? [] : conflictTree(conflict.core, rootLines(conflict.roots), provider),
  });
}

interface Conflict {
  readonly core: readonly ClauseOrigin[];
  readonly roots: readonly Root[];
}

/** Leaves out one root after the other, the latest first, for as long as the rest stays unsatisfiable. */
function minimalConflict(found: Conflict, provider: DebProvider): Conflict {
  let conflict = found;
  for (const root of found.roots.toReversed()) {
    if (!conflict.roots.includes(root)) continue;
    const rest = conflict.roots.filter((other) => other !== root);
    const result = solve(
      provider,
      rest.map(({ requirement }) => requirement),
    );
    if (!result.satisfiable) conflict = { core: result.core, roots: rootsIn(result.core, rest) };
  }
  return conflict;
}

function rootsIn(core: readonly ClauseOrigin[], roots: readonly Root[]): readonly Root[] {
  const requirements = new Set(core.flatMap((origin) => (origin.kind === "root" ? origin.requirement : [])));
  return roots.filter(({ requirement }) => requirements.has(requirement));
}

function rootLines(roots: readonly Root[]): ReadonlyMap<number, string> {
  return new Map(
    roots.map(({ requirement, request }) => [
      requirement,
      `${request.origin} "${request.text}"${formatPosition(request.position)}`,
    ]),
  );
}

function stateOf(roots: readonly Root[]): string {
  return roots.length > 1 ? "they exclude each other" : "what it needs cannot be fulfilled";
}

function listed(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}` : (names[0] ?? "nothing");
}

import { ComposerError } from "../../../core/index.ts";
import type { ClauseOrigin } from "../clause.ts";
import type { PackageRequest } from "../package-request.ts";
import { ESSENTIAL_ORIGIN, type Problem } from "../problem.ts";
import { conflictTree } from "./conflict-tree.ts";
import { type Conflict, minimalConflicts } from "./minimal-conflicts.ts";
import { requestLabel, requestWithPlace } from "./request-label.ts";
import { isRemovable, suggestChanges } from "./suggest-changes.ts";

/** Contradictions that are shown in one run. */
const MAX_SHOWN = 5;

/**
 * The error about requests that cannot all be filled: each contradiction as a tree, with changes that were tried.
 *
 * @param core of all roots of `problem`, as the solver gives it
 */
export function unsatisfiable(core: readonly ClauseOrigin[], problem: Problem): ComposerError {
  const { provider, roots } = problem;
  const conflicts = minimalConflicts(core, roots, ({ request }) => isRemovable(request), provider);
  const explained = conflicts.slice(0, MAX_SHOWN).map((conflict) => ({
    suggestions: suggestChanges(conflict, problem, withoutOthers(conflict, conflicts, problem)),
    tree: conflictTree(
      conflict.core,
      conflict.roots.map(({ requirement, request }) => ({ requirement, text: requestWithPlace(request) })),
      provider,
    ),
  }));
  const requests = conflicts.flatMap((conflict) => requestsOf(conflict));
  const position = requests.findLast(isRemovable)?.position;
  return new ComposerError("RESOLVER_UNSATISFIABLE", messageOf(conflicts), {
    details: [
      ...explained.flatMap(({ tree, suggestions }, at) => [
        ...(at === 0 ? [] : [""]),
        ...tree,
        ...(suggestions.length < 2 && explained.length === 1 ? [] : suggestionLines(suggestions)),
      ]),
      ...(conflicts.length > MAX_SHOWN ? ["", `… and ${conflicts.length - MAX_SHOWN} more contradictions`] : []),
    ],
    hint: hintOf(explained, requests),
    ...(position === undefined ? {} : { position }),
  });
}

function suggestionLines(suggestions: readonly string[]): readonly string[] {
  if (suggestions.length === 0) return [];
  return [
    "",
    suggestions.length === 1 ? "This would end it:" : "Each of these would end it:",
    ...suggestions.map((text) => `- ${text}`),
  ];
}

function hintOf(
  explained: readonly { readonly suggestions: readonly string[] }[],
  requests: readonly PackageRequest[],
): string {
  const all = explained.flatMap(({ suggestions }) => suggestions);
  if (all.length === 0 && requests.every(({ origin }) => origin === ESSENTIAL_ORIGIN)) {
    return "The repositories contradict themselves: report it to who keeps them, or use others";
  }
  if (all.length === 0)
    return "Add a repository with versions that fit, or change what the requests named here ask for";
  if (explained.length > 1) return "Make one change for each contradiction; all were tried by resolving again";
  return all.length === 1 ? (all[0] ?? "") : "Make one of these changes; each was tried by resolving again";
}

/** What is asked for, without the removable requests of the other contradictions. */
function withoutOthers(conflict: Conflict, conflicts: readonly Conflict[], problem: Problem): Problem {
  const others = new Set(
    conflicts
      .filter((other) => other !== conflict)
      .flatMap(requestsOf)
      .filter(isRemovable),
  );
  for (const request of requestsOf(conflict)) others.delete(request);
  if (others.size === 0) return problem;
  return problem.again({ requests: problem.options.requests.filter((request) => !others.has(request)) });
}

function requestsOf({ roots }: Conflict): readonly PackageRequest[] {
  return [...new Set(roots.map(({ request }) => request))];
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first === undefined || conflicts.length > 1) {
    return `Cannot install what is asked for: there are ${conflicts.length} independent contradictions`;
  }
  const labels = requestsOf(first).map(requestLabel);
  return `Cannot install ${listed(labels)}: ${stateOf(first, labels.length)}`;
}

function stateOf({ roots }: Conflict, requestCount: number): string {
  if (roots.length === 1) return "what it needs cannot be fulfilled";
  return requestCount === 1 ? "packages that it means exclude each other" : "they exclude each other";
}

const MAX_LABELS = 5;

function listed(labels: readonly string[]): string {
  if (labels.length > MAX_LABELS)
    return `${labels.slice(0, MAX_LABELS).join(", ")} and ${labels.length - MAX_LABELS} more`;
  return labels.length > 1 ? `${labels.slice(0, -1).join(", ")} and ${labels.at(-1) ?? ""}` : (labels[0] ?? "nothing");
}

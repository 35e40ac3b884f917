import { globMatcher } from "../../../core/index.ts";
import { type ExclusionLine, formatExclusions } from "../exclusions.ts";
import type { PackageRequest } from "../package-request.ts";
import type { Problem } from "../problem.ts";
import { solve } from "../solve.ts";
import type { Conflict } from "./minimal-conflicts.ts";
import { requestWithPlace } from "./request-label.ts";

/** Each try resolves again. */
export const MAX_TRIED = 12;

/**
 * What would end a contradiction, as sentences without a period, the least change first.
 *
 * Each was tried: with that one change, the solver finds a solution.
 * @param problem where the contradiction was found
 * @param asked the same without what other contradictions need
 */
export function suggestChanges(conflict: Conflict, problem: Problem, asked = problem): readonly string[] {
  const requests = [...new Set(conflict.roots.map(({ request }) => request))].slice(0, MAX_TRIED);
  const wanted = wantedNames(conflict, problem);
  return [
    ...requests.flatMap((request) => otherVersion(request, asked)),
    ...requests.flatMap((request) => narrowerGlob(request, namesMeant(request, conflict, problem), asked)),
    ...lessExcluded(wanted, asked),
    ...moreAllowed(wanted, asked),
    ...requests.filter(isRemovable).flatMap((request) => withoutRequest(request, asked)),
  ];
}

/** Tells whether somebody wrote a request and so can take it back. */
export function isRemovable({ position }: PackageRequest): boolean {
  return position !== undefined;
}

function withoutRequest(request: PackageRequest, problem: Problem): readonly string[] {
  const requests = problem.options.requests.filter((other) => other !== request);
  return !isSolvable(problem.again({ requests })) ? [] : [`Remove ${requestWithPlace(request)}`];
}

function otherVersion(request: PackageRequest, problem: Problem): readonly string[] {
  const version = workingVersion(request, problem);
  return version === undefined ? [] : [`Ask for version ${version} in ${requestWithPlace(request)}`];
}

/**
 * The version that is taken when a request does not say which one it wants; undefined when it does not say, or when all
 * that is asked for cannot be had with any.
 */
export function workingVersion(request: PackageRequest, problem: Problem): string | undefined {
  const { name } = problem.select(request);
  if (name === request.text.trim() && request.versionPrefix === undefined) return undefined;
  const { origin, position } = request;
  const anyVersion = { text: name, origin, ...(position === undefined ? {} : { position }) };
  const requests = problem.options.requests.map((other) => (other === request ? anyVersion : other));
  return solutionOf(problem.again({ requests }))?.get(name);
}

/** The packages of a request that are part of a contradiction. */
function namesMeant(request: PackageRequest, { roots }: Conflict, { provider }: Problem): readonly string[] {
  return roots
    .filter((root) => root.request === request)
    .flatMap(({ requirement }) => provider.candidates(requirement).slice(0, 1))
    .map((id) => provider.facts(id).name);
}

/** A glob that reaches too far, and the name that it should not reach. */
function narrowerGlob(request: PackageRequest, names: readonly string[], problem: Problem): readonly string[] {
  if (!/[*?[]/.test(request.text)) return [];
  return names.flatMap((name) => {
    const exclude = [...(problem.options.exclude ?? []), { text: name }];
    if (!isSolvable(problem.again({ exclude }))) return [];
    return [`Add "${name}" to systemConfig.excludePackages, since ${requestWithPlace(request)} means it, too`];
  });
}

/** The names that needs without candidates want. */
function wantedNames({ core }: Conflict, { provider, pool }: Problem): readonly string[] {
  const names = core.flatMap((origin) => (origin.kind === "requires" ? provider.namesIn(origin.requirement) : []));
  return [...new Set(names)].filter((name) => pool.obstacleOf(name) !== undefined).slice(0, MAX_TRIED);
}

function lessExcluded(wanted: readonly string[], problem: Problem): readonly string[] {
  const { exclude = [] } = problem.options;
  const inTheWay = exclude.filter(({ text }) => wanted.some(globMatcher(text)));
  const helps = (lines: readonly ExclusionLine[]): boolean =>
    isSolvable(problem.again({ exclude: exclude.filter((line) => !lines.includes(line)) }));
  const remove = (lines: readonly ExclusionLine[]): string =>
    `Remove ${formatExclusions(lines)} from systemConfig.excludePackages`;
  const single = inTheWay.filter((line) => helps([line]));
  if (single.length > 0) return single.map((line) => remove([line]));
  return inTheWay.length < 2 || !helps(inTheWay) ? [] : [remove(inTheWay)];
}

/** A repository that has a package and may not give it. */
function moreAllowed(wanted: readonly string[], problem: Problem): readonly string[] {
  const { repositories } = problem.options;
  return wanted.flatMap((name) =>
    repositories.flatMap((repository) => {
      const { allowPackages, id, priority } = repository.source;
      const isHidden =
        priority < 0 || (allowPackages !== undefined && !allowPackages.some((glob) => globMatcher(glob)(name)));
      if (!isHidden || repository.index.byName(name).length === 0) return [];
      const opened = {
        ...repository.source,
        priority: Math.max(priority, 1),
        ...(allowPackages === undefined ? {} : { allowPackages: [...allowPackages, name] }),
      };
      const sources = repositories.map((other) => (other === repository ? opened : other.source));
      if (!isSolvable(problem.again({ sources }))) return [];
      return priority < 0
        ? [`Give the repository ${id} a priority that is not negative`]
        : [`Add "${name}" to allowPackages of the repository ${id}`];
    }),
  );
}

/** Tells whether everything that is asked for can be had. */
export function isSolvable(problem: Problem): boolean {
  return solutionOf(problem) !== undefined;
}

/** The version of each chosen package by its name; undefined when nothing can be chosen. */
function solutionOf({ provider, roots, unknown }: Problem): ReadonlyMap<string, string> | undefined {
  if (unknown.length > 0) return undefined;
  const result = solve(
    provider,
    roots.map(({ requirement }) => requirement),
  );
  if (!result.satisfiable) return undefined;
  return new Map(
    result.installed.map((id) => {
      const { name, version } = provider.facts(id);
      return [name, version] as const;
    }),
  );
}

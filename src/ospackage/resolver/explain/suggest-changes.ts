import { globMatcher } from "../../../core/index.ts";
import { createDebProblem, type DebProblem, type ResolveDebOptions } from "../deb-problem.ts";
import type { PackageRequest } from "../package-request.ts";
import { solve } from "../solve.ts";
import type { Conflict } from "./minimal-conflicts.ts";
import { requestWithPlace } from "./request-label.ts";

/** Each try resolves again. */
export const MAX_TRIED = 12;

/**
 * What would end a contradiction, as sentences without a period, the least change first.
 *
 * Each was tried: with that one change, the solver finds a solution.
 * @param options what was asked for, without what other contradictions need
 */
export function suggestChanges(conflict: Conflict, options: ResolveDebOptions, problem: DebProblem): readonly string[] {
  const requests = [...new Set(conflict.roots.map(({ request }) => request))].slice(0, MAX_TRIED);
  return [
    ...requests.flatMap((request) => otherVersion(request, options)),
    ...requests.flatMap((request) => narrowerGlob(request, conflict, options, problem)),
    ...lessExcluded(conflict, options, problem),
    ...moreAllowed(conflict, options, problem),
    ...requests.filter(isRemovable).flatMap((request) => withoutRequest(request, options)),
  ];
}

/** Tells whether somebody wrote a request and so can take it back. */
export function isRemovable({ position }: PackageRequest): boolean {
  return position !== undefined;
}

function withoutRequest(request: PackageRequest, options: ResolveDebOptions): readonly string[] {
  const requests = options.requests.filter((other) => other !== request);
  return !isSolvable({ ...options, requests }) ? [] : [`Remove ${requestWithPlace(request)}`];
}

function otherVersion(request: PackageRequest, options: ResolveDebOptions): readonly string[] {
  const version = workingVersion(request, options);
  return version === undefined ? [] : [`Ask for version ${version} in ${requestWithPlace(request)}`];
}

/**
 * The version that is taken when a request does not say which one it wants; undefined when it does not say, or when all
 * that is asked for cannot be had with any.
 */
export function workingVersion(request: PackageRequest, options: ResolveDebOptions): string | undefined {
  const name = bareName(request);
  if (name === undefined) return undefined;
  const { origin, position } = request;
  const anyVersion = { text: name, origin, ...(position === undefined ? {} : { position }) };
  const requests = options.requests.map((other) => (other === request ? anyVersion : other));
  return solutionOf({ ...options, requests })?.get(name);
}

/** The name in a request that also names a version. */
function bareName({ text, versionPrefix }: PackageRequest): string | undefined {
  const [name = ""] = /^[^\s<>=_]+/.exec(text.trim()) ?? [];
  return name !== text.trim() || versionPrefix !== undefined ? name : undefined;
}

/** A glob that reaches too far, and the name that it should not reach. */
function narrowerGlob(
  request: PackageRequest,
  conflict: Conflict,
  options: ResolveDebOptions,
  { provider }: DebProblem,
): readonly string[] {
  if (!/[*?[]/.test(request.text)) return [];
  const names = conflict.roots
    .filter((root) => root.request === request)
    .flatMap(({ requirement }) => provider.candidates(requirement).slice(0, 1))
    .map((id) => provider.pool.solvable(id).package.name);
  return names.flatMap((name) => {
    const exclude = [...(options.exclude ?? []), name];
    if (!isSolvable({ ...options, exclude })) return [];
    return [`Add "${name}" to systemConfig.excludePackages, since ${requestWithPlace(request)} means it, too`];
  });
}

/** The names that needs without candidates want. */
function wantedNames({ core }: Conflict, { provider }: DebProblem): readonly string[] {
  const relations = core.flatMap((origin) =>
    origin.kind === "requires" ? provider.alternativesOf(origin.requirement) : [],
  );
  const names = [...new Set(relations.map(({ name }) => name))];
  return names.filter((name) => provider.pool.obstacleOf(name) !== undefined).slice(0, MAX_TRIED);
}

function lessExcluded(conflict: Conflict, options: ResolveDebOptions, problem: DebProblem): readonly string[] {
  const { exclude = [] } = options;
  const inTheWay = exclude.filter((glob) => wantedNames(conflict, problem).some(globMatcher(glob)));
  const helps = (globs: readonly string[]): boolean =>
    isSolvable({ ...options, exclude: exclude.filter((glob) => !globs.includes(glob)) });
  const single = inTheWay.filter((glob) => helps([glob]));
  if (single.length > 0) return single.map((glob) => `Remove "${glob}" from systemConfig.excludePackages`);
  if (inTheWay.length < 2 || !helps(inTheWay)) return [];
  return [`Remove ${inTheWay.map((glob) => `"${glob}"`).join(" and ")} from systemConfig.excludePackages`];
}

/** A repository that has a package and may not give it. */
function moreAllowed(conflict: Conflict, options: ResolveDebOptions, problem: DebProblem): readonly string[] {
  return wantedNames(conflict, problem).flatMap((name) =>
    options.repositories.flatMap((repository) => {
      const { allowPackages, id, priority } = repository.source;
      const isHidden =
        priority < 0 || (allowPackages !== undefined && !allowPackages.some((glob) => globMatcher(glob)(name)));
      if (!isHidden || repository.index.byName(name).length === 0) return [];
      const source = {
        ...repository.source,
        priority: Math.max(priority, 1),
        ...(allowPackages === undefined ? {} : { allowPackages: [...allowPackages, name] }),
      };
      const repositories = options.repositories.map((other) =>
        other === repository ? { ...repository, source } : other,
      );
      if (!isSolvable({ ...options, repositories })) return [];
      return priority < 0
        ? [`Give the repository ${id} a priority that is not negative`]
        : [`Add "${name}" to allowPackages of the repository ${id}`];
    }),
  );
}

/** Tells whether everything that is asked for can be had. */
export function isSolvable(options: ResolveDebOptions): boolean {
  return solutionOf(options) !== undefined;
}

/** The version of each chosen package by its name; undefined when nothing can be chosen. */
function solutionOf(options: ResolveDebOptions): ReadonlyMap<string, string> | undefined {
  const { provider, roots, unknown } = createDebProblem(options);
  if (unknown.length > 0) return undefined;
  const result = solve(
    provider,
    roots.map(({ requirement }) => requirement),
  );
  if (!result.satisfiable) return undefined;
  return new Map(
    result.installed.map((id) => {
      const { name, version } = provider.pool.solvable(id).package;
      return [name, version] as const;
    }),
  );
}

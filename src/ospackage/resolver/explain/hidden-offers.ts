import { globMatcher } from "../../../core/index.ts";
import type { RepositorySource } from "../../repository/repository.ts";
import { type ExclusionLine, formatExclusions, linesAbout } from "../exclusions.ts";
import type { PackageRequest } from "../package-request.ts";
import type { Problem } from "../problem.ts";

/** For each repository that has the name and may not give it: why. */
export function hiddenOffers(
  name: string,
  { options: { repositories, architecture, exclude = [] }, pool }: Problem,
): readonly string[] {
  const lines = linesAbout(name, exclude);
  return repositories.flatMap(({ source, index }) => {
    const found = index.byName(name);
    if (found.length === 0) return [];
    const versions = found.map(({ version }) => version).join(", ");
    const state =
      stateOf(name, source, lines) ??
      (found.some((candidate) => pool.fits(candidate)) ? undefined : `not for ${architecture}`);
    return state === undefined ? [] : [`${source.id} has ${name} ${versions}, but ${state}`];
  });
}

function stateOf(name: string, source: RepositorySource, lines: readonly ExclusionLine[]): string | undefined {
  if (lines.length > 0) return `systemConfig.excludePackages ${formatExclusions(lines)} excludes it`;
  if (source.priority < 0) return `the priority of the repository is ${source.priority}`;
  return isAllowed(name, source) ? undefined : "allowPackages of the repository leaves it out";
}

function isAllowed(name: string, { allowPackages }: RepositorySource): boolean {
  return allowPackages === undefined || allowPackages.some((glob) => globMatcher(glob)(name));
}

/** The same with nothing that keeps a name out, and one more request. */
export function withOffersOf(name: string, request: PackageRequest, problem: Problem): Problem {
  const { options } = problem;
  return problem.again({
    requests: [...options.requests, request],
    exclude: (options.exclude ?? []).filter(({ text }) => !globMatcher(text)(name)),
    sources: options.repositories.map(({ source, index }) => {
      if (index.byName(name).length === 0) return source;
      const { allowPackages, priority } = source;
      const allow = allowPackages === undefined ? {} : { allowPackages: [...allowPackages, name] };
      return { ...source, ...allow, priority: Math.max(0, priority) };
    }),
  });
}

/** What to change so that a repository may give a package. */
export function openingHint(name: string, { options: { repositories, exclude = [] } }: Problem): string {
  const lines = linesAbout(name, exclude);
  if (lines.length > 0) return `Remove ${formatExclusions(lines)} from systemConfig.excludePackages`;
  const holders = repositories.filter(({ index }) => index.byName(name).length > 0).map(({ source }) => source);
  const refusing = holders.find((source) => source.priority < 0 || !isAllowed(name, source));
  if (refusing === undefined) return "Add a repository that has it for this architecture";
  if (refusing.priority < 0) return `Give the repository ${refusing.id} a priority that is not negative`;
  return `Add "${name}" to allowPackages of the repository ${refusing.id}`;
}

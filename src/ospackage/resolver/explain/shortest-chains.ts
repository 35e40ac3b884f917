import { ESSENTIAL_ORIGIN } from "../problem.ts";
import type { PackageRequest } from "../package-request.ts";
import type { SolvableId } from "../solver-provider.ts";
import type { PackageFacts } from "./explained-provider.ts";
import type { Solution } from "./solution.ts";

/** How one package brings in another. */
export interface ChainLink {
  /** For example `depends on`. */
  readonly verb: string;
  /** The words of the need, with all alternatives: `default-mta | mail-transport-agent`. */
  readonly requirement: string;
  /** The alternative or virtual package that the need is filled as, where it is not the package's own name. */
  readonly filledAs?: string;
  readonly package: PackageFacts;
}

/** A way from a request to a package. */
export interface Chain {
  readonly request: PackageRequest;
  /** What the request itself is filled by. */
  readonly first: PackageFacts;
  readonly links: readonly ChainLink[];
}

/** No answer has more chains; how many there are is counted to the end. */
export const MAX_CHAINS = 1000;

export interface Chains {
  /** Those of the template before those of essential packages, then the shortest first, then in the order of requests. */
  readonly chains: readonly Chain[];
  readonly count: number;
}

/** For each request, all of the shortest ways from it to a package. */
export function shortestChains(target: SolvableId, solution: Solution): Chains {
  const { provider, roots, fillerOf } = solution;
  const distances = distancesTo(target, solution);
  const starts = roots.flatMap(({ requirement, request }) => {
    const first = fillerOf(requirement);
    const distance = first === undefined ? undefined : distances.get(first);
    return first === undefined || distance === undefined ? [] : [{ request, first, distance }];
  });
  const counts = new Map<SolvableId, number>([[target, 1]]);
  const chains: Chain[] = [];
  for (const { request, first } of starts.toSorted(byOriginThenDistance)) {
    for (const links of linksFrom(first)) {
      if (chains.length === MAX_CHAINS) break;
      chains.push({ request, first: provider.facts(first), links });
    }
  }
  return { chains, count: starts.reduce((sum, { first }) => sum + countFrom(first), 0) };

  function* linksFrom(from: SolvableId): Generator<readonly ChainLink[]> {
    if (from === target) yield [];
    for (const [next, link] of nextSteps(from)) {
      for (const rest of linksFrom(next)) yield [link, ...rest];
    }
  }

  /** The packages one step nearer to the target, each by the first need that leads to it. */
  function nextSteps(from: SolvableId): ReadonlyMap<SolvableId, ChainLink> {
    const steps = new Map<SolvableId, ChainLink>();
    const nearer = (distances.get(from) ?? 0) - 1;
    for (const { requirement, verb } of provider.needs(from)) {
      const next = fillerOf(requirement);
      if (next === undefined || steps.has(next) || distances.get(next) !== nearer) continue;
      const filledAs = provider.filledAs(requirement, next);
      steps.set(next, {
        verb,
        requirement: provider.requirementText(requirement),
        ...(filledAs === undefined ? {} : { filledAs }),
        package: provider.facts(next),
      });
    }
    return steps;
  }

  function countFrom(from: SolvableId): number {
    const known = counts.get(from);
    if (known !== undefined) return known;
    const count = [...nextSteps(from).keys()].reduce((sum, next) => sum + countFrom(next), 0);
    counts.set(from, count);
    return count;
  }
}

/** How many steps lead from each package to one, for those from which any do. */
function distancesTo(target: SolvableId, { provider, packages, fillerOf }: Solution): ReadonlyMap<SolvableId, number> {
  const neededBy = new Map<SolvableId, SolvableId[]>();
  for (const id of packages) {
    for (const { requirement } of provider.needs(id)) {
      const filler = fillerOf(requirement);
      if (filler === undefined) continue;
      const needing = neededBy.get(filler);
      if (needing === undefined) neededBy.set(filler, [id]);
      else needing.push(id);
    }
  }
  const distances = new Map([[target, 0]]);
  // The map grows while it is walked.
  for (const [id, distance] of distances) {
    for (const needing of neededBy.get(id) ?? []) {
      if (!distances.has(needing)) distances.set(needing, distance + 1);
    }
  }
  return distances;
}

interface Start {
  readonly request: PackageRequest;
  readonly distance: number;
}

/** Sorting is stable: what compares equal stays in the order of the requests. */
function byOriginThenDistance(a: Start, b: Start): number {
  const isEssential = ({ request }: Start): number => Number(request.origin === ESSENTIAL_ORIGIN);
  return isEssential(a) - isEssential(b) || a.distance - b.distance;
}

import { compareCodeUnits } from "../../core/index.ts";
import { compareEvrs } from "../rpm/compare-rpm-versions.ts";
import type { RpmCapability } from "../rpm/rpm-capability.ts";
import type { SolvableId } from "./solver-provider.ts";

/** What decides which of several packages is preferred. */
export interface RpmCandidate {
  readonly id: SolvableId;
  readonly name: string;
  readonly version: string;
  /** Of its repository. */
  readonly priority: number;
  /** For another architecture than the system's own. */
  readonly isForeign: boolean;
}

/** What else is asked about candidates where several names are left. */
export interface RpmComparison {
  obsoletes(id: SolvableId, other: SolvableId): boolean;
  /** Whether there is something newer of the same name that is no candidate. */
  isOld(id: SolvableId): boolean;
  provisionsOf(id: SolvableId): readonly RpmCapability[];
}

/**
 * All candidates as dnf prefers them: the best ones, then the best of those that are left, and so on.
 *
 * @see bestRpmCandidates
 */
export function orderRpmCandidates(
  candidates: readonly RpmCandidate[],
  comparison: RpmComparison,
): readonly SolvableId[] {
  const order: SolvableId[] = [];
  let left = candidates;
  while (left.length > 0) {
    const best = new Set(bestRpmCandidates(left, comparison));
    order.push(...best);
    left = left.filter(({ id }) => !best.has(id));
  }
  return order;
}

/**
 * The candidates that dnf chooses from: those with the highest repository priority, for the best architecture, the
 * newest of each name, without what another one of them obsoletes.
 *
 * They are in the order in which dnf takes them when nothing recommends one: what provides the newest of what several
 * provide, what is the newest that there is of its name, then by name.
 * @see libsolv's `policy_filter_unwanted`
 */
export function bestRpmCandidates(
  candidates: readonly RpmCandidate[],
  comparison: RpmComparison,
): readonly SolvableId[] {
  const newest = newestOfEachName(candidates);
  if (newest.length < 2) return newest.map(({ id }) => id);
  const best = withoutObsolete(newest, comparison);
  const drawbacks = drawbacksOf(best, comparison);
  return best
    .map((candidate) => ({
      ...candidate,
      drawbacks: drawbacks.get(candidate.id) ?? 0,
      isOld: comparison.isOld(candidate.id),
    }))
    .sort((a, b) => a.drawbacks - b.drawbacks || Number(a.isOld) - Number(b.isOld) || compareCodeUnits(a.name, b.name))
    .map(({ id }) => id);
}

/** Without those that others obsolete, directly or not, and that do not obsolete these in turn. */
function withoutObsolete(candidates: readonly RpmCandidate[], comparison: RpmComparison): readonly RpmCandidate[] {
  const obsoleted = new Map<SolvableId, readonly SolvableId[]>();
  for (const { id } of candidates) {
    const found = candidates.filter((other) => comparison.obsoletes(id, other.id)).map((other) => other.id);
    if (found.length > 0) obsoleted.set(id, found);
  }
  const reached = new Map([...obsoleted.keys()].map((id) => [id, reachable(id, obsoleted)]));
  return candidates.filter(
    ({ id }) => ![...reached].some(([other, ids]) => ids.has(id) && reached.get(id)?.has(other) !== true),
  );
}

function reachable(from: SolvableId, steps: ReadonlyMap<SolvableId, readonly SolvableId[]>): ReadonlySet<SolvableId> {
  const found = new Set(steps.get(from));
  // The set grows while it is walked.
  for (const id of found) for (const next of steps.get(id) ?? []) found.add(next);
  return found;
}

/** Only of the best repositories and architecture. */
function newestOfEachName(candidates: readonly RpmCandidate[]): readonly RpmCandidate[] {
  const newest = new Map<string, RpmCandidate>();
  let first: RpmCandidate | undefined;
  for (const candidate of candidates.toSorted(
    (a, b) => compareRepositories(a, b) || compareEvrs(b.version, a.version),
  )) {
    first ??= candidate;
    if (compareRepositories(first, candidate) !== 0) break;
    if (!newest.has(candidate.name)) newest.set(candidate.name, candidate);
  }
  return [...newest.values()];
}

function compareRepositories(a: RpmCandidate, b: RpmCandidate): number {
  return b.priority - a.priority || Number(a.isForeign) - Number(b.isForeign);
}

/** For each candidate, how often others provide something newer that it provides as well. */
function drawbacksOf(candidates: readonly RpmCandidate[], comparison: RpmComparison): ReadonlyMap<SolvableId, number> {
  const versions = candidates.flatMap(({ id }) =>
    comparison
      .provisionsOf(id)
      .flatMap(({ name, operator, evr }) =>
        operator !== "=" || evr === undefined || isHash(evr) ? [] : [{ id, name, evr }],
      ),
  );
  const drawbacks = new Map<SolvableId, number>();
  for (const shared of Map.groupBy(versions, ({ name }) => name).values()) {
    let bad = 0;
    let previous: (typeof shared)[number] | undefined;
    for (const provision of shared.toSorted((a, b) => compareEvrs(b.evr, a.evr))) {
      if (previous !== undefined && previous.id !== provision.id && compareEvrs(previous.evr, provision.evr) > 0)
        bad += 1;
      drawbacks.set(provision.id, (drawbacks.get(provision.id) ?? 0) + bad);
      previous = provision;
    }
  }
  return drawbacks;
}

/** Commits and build identifiers have no order. */
function isHash(evr: string): boolean {
  return /^[0-9a-f]{4,}$/.test(evr);
}

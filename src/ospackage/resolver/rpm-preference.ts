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
 * Candidates as dnf prefers them: higher repository priority, own architecture, what no other of them obsoletes, the
 * newest of each name before older ones; of those, what provides the newest of what several provide, what is the newest
 * that there is of its name, then by name.
 *
 * @see libsolv's `policy_filter_unwanted`
 */
export function orderRpmCandidates(
  candidates: readonly RpmCandidate[],
  comparison: RpmComparison,
): readonly SolvableId[] {
  const ranked = withRounds(candidates);
  const best = ranked.filter(({ round }) => round === 0);
  if (new Set(best.map(({ name }) => name)).size < 2) return ranked.map(({ id }) => id);
  const isObsolete = (id: SolvableId): boolean =>
    best.some((other) => comparison.obsoletes(other.id, id) && !comparison.obsoletes(id, other.id));
  const drawbacks = drawbacksOf(best, comparison);
  return ranked
    .map((candidate) => ({
      ...candidate,
      isObsolete: isObsolete(candidate.id),
      drawbacks: drawbacks.get(candidate.id) ?? 0,
      isOld: comparison.isOld(candidate.id),
    }))
    .sort(
      (a, b) =>
        compareRepositories(a, b) ||
        a.round - b.round ||
        Number(a.isObsolete) - Number(b.isObsolete) ||
        a.drawbacks - b.drawbacks ||
        Number(a.isOld) - Number(b.isOld) ||
        compareCodeUnits(a.name, b.name),
    )
    .map(({ id }) => id);
}

function compareRepositories(a: RpmCandidate, b: RpmCandidate): number {
  return b.priority - a.priority || Number(a.isForeign) - Number(b.isForeign);
}

/** The newest of each name are in round 0, the next ones in round 1. */
function withRounds(candidates: readonly RpmCandidate[]): readonly (RpmCandidate & { readonly round: number })[] {
  const seen = new Map<string, number>();
  return candidates
    .toSorted((a, b) => compareRepositories(a, b) || compareEvrs(b.version, a.version))
    .map((candidate) => {
      const key = `${candidate.priority} ${candidate.isForeign} ${candidate.name}`;
      const round = seen.get(key) ?? 0;
      seen.set(key, round + 1);
      return { ...candidate, round };
    });
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

import { compareCodeUnits } from "../../core/index.ts";
import { compareEvrs } from "../rpm/compare-rpm-versions.ts";
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

/**
 * Candidates as dnf prefers them: higher repository priority, own architecture, what no other of them obsoletes, the
 * newest of each name before older ones, then by name.
 *
 * @see libsolv's `policy_filter_unwanted`
 */
export function orderRpmCandidates(
  candidates: readonly RpmCandidate[],
  obsoletes: (id: SolvableId, other: SolvableId) => boolean,
): readonly SolvableId[] {
  const newestFirst = candidates.toSorted(
    (a, b) => b.priority - a.priority || Number(a.isForeign) - Number(b.isForeign) || compareEvrs(b.version, a.version),
  );
  const seen = new Map<string, number>();
  const ranked = newestFirst.map((candidate) => {
    const key = `${candidate.priority} ${candidate.isForeign} ${candidate.name}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    return { ...candidate, round };
  });
  const best = ranked.filter(({ round }) => round === 0);
  const isObsolete = ({ id }: RpmCandidate): boolean =>
    best.some((other) => obsoletes(other.id, id) && !obsoletes(id, other.id));
  return ranked
    .map((candidate) => ({ ...candidate, isObsolete: best.length > 1 && isObsolete(candidate) }))
    .sort(
      (a, b) =>
        b.priority - a.priority ||
        Number(a.isForeign) - Number(b.isForeign) ||
        Number(a.isObsolete) - Number(b.isObsolete) ||
        a.round - b.round ||
        compareCodeUnits(a.name, b.name),
    )
    .map(({ id }) => id);
}

import { parseRpmRelations } from "../rpm/rpm-relations.ts";
import { type RichClause, richClauses, TooManyClausesError } from "./rich-clauses.ts";
import type { RpmPool } from "./rpm-pool.ts";
import type { CandidateChoices, SolvableId } from "./solver-provider.ts";

/** How something chosen wants a package: the field that says so, and the one by which the package says so itself. */
type Wish = readonly ["recommends", "supplements"] | readonly ["suggests", "enhances"];

/**
 * Candidates as dnf chooses between them: the best ones; of them only those that something chosen recommends or that
 * supplement it, where there are some; of these first the ones that it suggests or that enhance it.
 *
 * @param wishesOf the clauses that a field of a package comes to
 * @see libsolv's `policy_filter_unwanted`
 */
export function createRpmChoices(
  pool: RpmPool,
  wishesOf: (solvable: SolvableId, field: Wish[0]) => readonly RichClause[],
): CandidateChoices {
  const recommended = wishTest(["recommends", "supplements"]);
  const suggested = wishTest(["suggests", "enhances"]);

  /** Tells whether something chosen wants a package; asked often about the same choice. */
  function wishTest([field, reverseField]: Wish): CandidateChoices["isRecommended"] {
    let latest: readonly SolvableId[] | undefined;
    let isChosen: ReadonlySet<SolvableId> = new Set();
    let wanted: ReadonlySet<SolvableId> = new Set();
    return (solvable, chosen) => {
      if (latest !== chosen) {
        latest = chosen;
        isChosen = new Set(chosen);
        wanted = new Set(
          chosen
            .flatMap((by) => wishesOf(by, field))
            .filter(({ conditions }) => conditions.every((condition) => isChosen.has(condition)))
            .flatMap(({ candidates }) => candidates),
        );
      }
      return wanted.has(solvable) || holdsOne(pool.solvable(solvable).package[reverseField], isChosen);
    };
  }

  /** Whether one of the relations of a field holds with what is chosen. */
  function holdsOne(field: string, isChosen: ReadonlySet<SolvableId>): boolean {
    return parseRpmRelations(field).some((relation) => {
      try {
        const clauses = richClauses(relation, true, (capability) => pool.matches(capability));
        return clauses.every(
          ({ conditions, candidates }) =>
            candidates.some((id) => isChosen.has(id)) || !conditions.every((id) => isChosen.has(id)),
        );
      } catch (error) {
        if (error instanceof TooManyClausesError) return false;
        throw error;
      }
    });
  }

  return {
    best(candidates, chosen) {
      const best = candidates.length < 2 ? candidates : pool.best(candidates);
      if (best.length < 2) return best;
      const wanted = best.filter((id) => recommended(id, chosen));
      const left = wanted.length > 0 ? wanted : best;
      return left.toSorted((a, b) => Number(suggested(b, chosen)) - Number(suggested(a, chosen)));
    },
    isRecommended: recommended,
    compare: (first, second) => pool.compareFiles(first, second),
  };
}

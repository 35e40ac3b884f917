import type { RpmCapability } from "../rpm/rpm-capability.ts";
import type { RpmRelation } from "../rpm/rich-dependency.ts";
import type { SolvableId } from "./solver-provider.ts";

/** One of the candidates is installed, or one of the conditions is not. */
export interface RichClause {
  readonly conditions: readonly SolvableId[];
  readonly candidates: readonly SolvableId[];
}

/** More than any dependency that somebody wrote comes to; what does is refused rather than worked out. */
const MAX_CLAUSES = 10_000;

/** A relation would come to more clauses than anybody can have meant. */
export class TooManyClausesError extends Error {}

/**
 * A relation as clauses that must all hold (conjunctive normal form).
 *
 * @param isTrue false for the clauses that say that the relation does not hold
 * @see libsolv's `pool_normalize_complex_dep` for what `if` and `unless` mean
 * @throws TooManyClausesError
 */
export function richClauses(
  relation: RpmRelation,
  isTrue: boolean,
  matches: (capability: RpmCapability) => readonly SolvableId[],
): readonly RichClause[] {
  const clausesOf = (part: RpmRelation, holds: boolean): readonly RichClause[] => richClauses(part, holds, matches);
  const packages = packagesMeant(relation, matches);
  if (packages !== undefined) {
    if (isTrue) return [{ conditions: [], candidates: [...packages] }];
    return [...packages].map((id) => ({ conditions: [id], candidates: [] }));
  }
  if (relation.kind !== "rich") return isTrue ? [NEVER] : [];
  switch (relation.operator) {
    case "and":
    case "or": {
      const parts = relation.operands.map((operand) => clausesOf(operand, isTrue));
      return (relation.operator === "and") === isTrue ? limited(parts.flat()) : parts.reduce(either);
    }
    case "if": {
      // (consequence or not condition) and (otherwise or condition)
      const { consequence, condition, otherwise } = relation;
      const then = isTrue
        ? either(clausesOf(consequence, true), clausesOf(condition, false))
        : limited([...clausesOf(consequence, false), ...clausesOf(condition, true)]);
      if (otherwise === undefined) return then;
      return isTrue
        ? limited([...then, ...either(clausesOf(otherwise, true), clausesOf(condition, true))])
        : either(then, [...clausesOf(otherwise, false), ...clausesOf(condition, false)]);
    }
    case "unless": {
      // (consequence and not condition) or (otherwise and condition)
      const { consequence, condition, otherwise } = relation;
      const then = isTrue
        ? limited([...clausesOf(consequence, true), ...clausesOf(condition, false)])
        : either(clausesOf(consequence, false), clausesOf(condition, true));
      if (otherwise === undefined) return then;
      return isTrue
        ? either(then, [...clausesOf(otherwise, true), ...clausesOf(condition, true)])
        : limited([...then, ...either(clausesOf(otherwise, false), clausesOf(condition, false))]);
    }
    default:
      return isTrue ? [NEVER] : [];
  }
}

const NEVER: RichClause = { conditions: [], candidates: [] };

/** What a relation about single packages means; undefined for one about several. */
function packagesMeant(
  relation: RpmRelation,
  matches: (capability: RpmCapability) => readonly SolvableId[],
): ReadonlySet<SolvableId> | undefined {
  if (relation.kind === "capability") return new Set(matches(relation));
  if (relation.kind === "malformed" || (relation.operator !== "with" && relation.operator !== "without")) {
    return undefined;
  }
  const [first = new Set<SolvableId>(), ...others] = relation.operands.map((operand) => membersOf(operand, matches));
  const { operator } = relation;
  return others.reduce(
    (left, right) => new Set([...left].filter((id) => right.has(id) === (operator === "with"))),
    first,
  );
}

/** Within `with` and `without`, `or` is a union. */
function membersOf(
  relation: RpmRelation,
  matches: (capability: RpmCapability) => readonly SolvableId[],
): ReadonlySet<SolvableId> {
  if (relation.kind === "rich" && relation.operator === "or") {
    return new Set(relation.operands.flatMap((operand) => [...membersOf(operand, matches)]));
  }
  return packagesMeant(relation, matches) ?? new Set();
}

/** The clauses of a disjunction: each of one side with each of the other. */
function either(left: readonly RichClause[], right: readonly RichClause[]): readonly RichClause[] {
  if (left.length * right.length > MAX_CLAUSES) throw new TooManyClausesError();
  return left.flatMap((a) =>
    right.map((b) => ({
      conditions: [...new Set([...a.conditions, ...b.conditions])],
      candidates: [...new Set([...a.candidates, ...b.candidates])],
    })),
  );
}

function limited(clauses: readonly RichClause[]): readonly RichClause[] {
  if (clauses.length > MAX_CLAUSES) throw new TooManyClausesError();
  return clauses;
}

import { negate, solvableOf, type Clause, type Literal } from "./clause.ts";
import type { Trail } from "./trail.ts";

/** The clauses known so far, kept so that an assignment only touches those that watch it. */
export interface WatchedClauses {
  /** Takes a clause in and assigns what it forces; returns it when every literal of it is false. */
  add(clause: Clause): Clause | undefined;
  /** Assigns what follows from a literal that became true; returns a clause that it made false. */
  propagate(literal: Literal): Clause | undefined;
}

/**
 * Unit propagation with two watched literals.
 *
 * @see Moskewicz et al., "Chaff: Engineering an Efficient SAT Solver", DAC 2001
 */
export function createWatchedClauses(trail: Trail): WatchedClauses {
  const watching: (Clause[] | undefined)[] = [];

  function watch(literal: Literal, clause: Clause): void {
    (watching[literal] ??= []).push(clause);
  }

  function add(clause: Clause): Clause | undefined {
    // Clauses arrive in the middle of a search: those literals are watched that backtracking frees first.
    bringForward(clause.literals, 0);
    bringForward(clause.literals, 1);
    const [first, second] = clause.literals;
    if (first === undefined) return clause;
    if (second !== undefined) {
      watch(first, clause);
      watch(second, clause);
    }
    if (trail.isFalse(first)) return clause;
    if (!trail.isTrue(first) && (second === undefined || trail.isFalse(second))) trail.assign(first, clause);
    return undefined;
  }

  /** Swaps the literal that stays or becomes free the soonest to `place`. */
  function bringForward(literals: Literal[], place: number): void {
    let best = place;
    for (let at = place + 1; at < literals.length; at += 1) {
      if (freedom(literals[at]) > freedom(literals[best])) best = at;
    }
    swap(literals, place, best);
  }

  function freedom(literal: Literal | undefined): number {
    if (literal === undefined) return -1;
    return trail.isFalse(literal) ? trail.levelOf(solvableOf(literal)) : Number.POSITIVE_INFINITY;
  }

  function propagate(literal: Literal): Clause | undefined {
    const falseLiteral = negate(literal);
    const clauses = watching[falseLiteral] ?? [];
    const kept: Clause[] = [];
    watching[falseLiteral] = kept;
    for (const [at, clause] of clauses.entries()) {
      const { literals } = clause;
      if (literals[0] === falseLiteral) swap(literals, 0, 1);
      const [other] = literals;
      if (other === undefined) continue;
      const replacement = trail.isTrue(other) ? -1 : literals.findIndex((next, i) => i > 1 && !trail.isFalse(next));
      if (replacement !== -1) {
        swap(literals, 1, replacement);
        watch(literals[1] ?? other, clause);
        continue;
      }
      kept.push(clause);
      if (trail.isTrue(other)) continue;
      if (trail.isFalse(other)) {
        kept.push(...clauses.slice(at + 1));
        return clause;
      }
      trail.assign(other, clause);
    }
    return undefined;
  }

  return { add, propagate };
}

function swap(literals: Literal[], a: number, b: number): void {
  const [first, second] = [literals[a], literals[b]];
  if (first === undefined || second === undefined) return;
  literals[a] = second;
  literals[b] = first;
}

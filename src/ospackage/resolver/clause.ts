import type { RequirementId, SolvableId } from "./solver-provider.ts";

/** A solvable with a sign: twice its number says that it is installed, one more that it is not. */
export type Literal = number;

export const installed = (solvable: SolvableId): Literal => 2 * solvable;
export const absent = (solvable: SolvableId): Literal => 2 * solvable + 1;
export const negate = (literal: Literal): Literal => literal ^ 1;
export const solvableOf = (literal: Literal): SolvableId => literal >> 1;
export const saysInstalled = (literal: Literal): boolean => (literal & 1) === 0;

/** A disjunction: at least one of its literals holds in every solution. */
export interface Clause {
  /** The first two are watched, so propagation changes the order. */
  readonly literals: Literal[];
  readonly origin: ClauseOrigin | LearnedOrigin;
}

/** The fact about packages that a clause states. */
export type ClauseOrigin =
  | { readonly kind: "root"; readonly requirement: RequirementId }
  | { readonly kind: "requires"; readonly solvable: SolvableId; readonly requirement: RequirementId }
  | { readonly kind: "conflicts"; readonly solvable: SolvableId; readonly other: SolvableId }
  | { readonly kind: "one-version"; readonly solvable: SolvableId; readonly other: SolvableId };

/** How a clause follows from others: by resolving `antecedents`, with what was `settled` before the first decision. */
export interface LearnedOrigin {
  readonly kind: "learned";
  readonly antecedents: readonly Clause[];
  readonly settled: readonly SolvableId[];
}

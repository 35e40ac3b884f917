import { negate, solvableOf, type Clause, type Literal } from "./clause.ts";
import type { SolvableId } from "./solver-provider.ts";

/** The assignments made so far, in order, each with its decision level and the clause that forced it. */
export interface Trail {
  /** The literals that hold, oldest first. */
  readonly literals: readonly Literal[];
  /** The number of open decisions. */
  level(): number;
  isTrue(literal: Literal): boolean;
  isFalse(literal: Literal): boolean;
  /** The level at which a solvable was assigned, -1 when it is not. */
  levelOf(solvable: SolvableId): number;
  /** The clause that forced a solvable's value; undefined for decisions. */
  reasonOf(solvable: SolvableId): Clause | undefined;
  assign(literal: Literal, reason: Clause | undefined): void;
  openLevel(): void;
  /** Takes back every assignment made above `level`. */
  backtrackTo(level: number): void;
}

interface Assignment {
  readonly literal: Literal;
  readonly level: number;
  readonly reason: Clause | undefined;
}

export function createTrail(): Trail {
  const literals: Literal[] = [];
  const assignments: (Assignment | undefined)[] = [];
  const levelStarts: number[] = [];
  return {
    literals,
    level: () => levelStarts.length,
    isTrue: (literal) => assignments[solvableOf(literal)]?.literal === literal,
    isFalse: (literal) => assignments[solvableOf(literal)]?.literal === negate(literal),
    levelOf: (solvable) => assignments[solvable]?.level ?? -1,
    reasonOf: (solvable) => assignments[solvable]?.reason,
    assign: (literal, reason) => {
      literals.push(literal);
      assignments[solvableOf(literal)] = { literal, level: levelStarts.length, reason };
    },
    openLevel: () => void levelStarts.push(literals.length),
    backtrackTo: (level) => {
      const kept = levelStarts[level] ?? literals.length;
      for (const literal of literals.splice(kept)) assignments[solvableOf(literal)] = undefined;
      levelStarts.length = Math.min(levelStarts.length, level);
    },
  };
}

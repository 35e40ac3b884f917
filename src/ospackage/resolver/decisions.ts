import type { SolvableId } from "./solver-provider.ts";

/** Where the solver goes next when nothing is left to propagate; looks at a trail that only the solver changes. */
export interface Decisions {
  /** The solvable to install next; undefined when every requirement is filled, and every wish that can be. */
  next(): SolvableId | undefined;
  /** A decision to make once more, in another way, now that everything is filled; undefined when all can stay. */
  revise(): Revision | undefined;
}

/** Takes back all decisions above `level`, and makes this one there. */
export interface Revision {
  readonly level: number;
  readonly solvable: SolvableId;
}

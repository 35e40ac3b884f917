import type { OpenRequirements } from "./open-requirements.ts";
import type { SolvableId, SolverProvider } from "./solver-provider.ts";

/** The wishes of what was installed when all needs were filled: all are looked at before anything that comes with one. */
export interface OpenWishes {
  /** From now on, the wishes of these. */
  of(chosen: readonly SolvableId[]): void;
  /** The candidates of the first wish that can still be filled; undefined when there is none. */
  next(level: number): readonly SolvableId[] | undefined;
  clear(): void;
  /** Forgets them when the latest one was taken back. */
  backtrackTo(level: number): void;
}

export function createOpenWishes(provider: Pick<SolverProvider, "wishes">, open: OpenRequirements): OpenWishes {
  let wishing: readonly SolvableId[] = [];
  /** The level at which the latest wish was filled. */
  let latest = 0;

  const clear = (): void => {
    wishing = [];
  };

  function next(level: number): readonly SolvableId[] | undefined {
    for (const solvable of wishing) {
      for (const wish of provider.wishes(solvable)) {
        const candidates = open.candidatesOf(wish) ?? [];
        if (candidates.length === 0) continue;
        latest = level + 1;
        return candidates;
      }
    }
    clear();
    return undefined;
  }

  return {
    of: (chosen) => {
      wishing = chosen;
    },
    next,
    clear,
    backtrackTo: (level) => {
      if (level < latest) clear();
    },
  };
}

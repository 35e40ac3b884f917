import { installed } from "./clause.ts";
import type { SolvableId } from "./solver-provider.ts";
import type { Trail } from "./trail.ts";

/** The requirements of everything that is installed so far, in the order in which they appeared. */
export interface Agenda {
  /** @param candidates most preferred first; at least one of them has to be installed */
  add(candidates: readonly SolvableId[], kind: RequirementKind): void;
  /** The first candidate that is still possible of the first requirement that nothing fills; undefined when all are filled. */
  nextDecision(): SolvableId | undefined;
  openLevel(): void;
  backtrackTo(level: number): void;
}

/**
 * `version`: only the version is open; `alternative`: also the name.
 *
 * Versions are decided first, so that an alternative which something else brings in anyway is known when its turn comes.
 */
export type RequirementKind = "version" | "alternative";

interface Queue {
  readonly requirements: (readonly SolvableId[])[];
  /** Every requirement before it is filled. */
  next: number;
}

type Bookmark = readonly { readonly length: number; readonly next: number }[];

export function createAgenda(trail: Trail): Agenda {
  const queues: Readonly<Record<RequirementKind, Queue>> = {
    version: { requirements: [], next: 0 },
    alternative: { requirements: [], next: 0 },
  };
  const inOrder = [queues.version, queues.alternative];
  const bookmarks: Bookmark[] = [];

  return {
    add: (candidates, kind) => void queues[kind].requirements.push(candidates),
    nextDecision: () => {
      for (const queue of inOrder) {
        skipFilled(queue, trail);
        const requirement = queue.requirements[queue.next];
        if (requirement !== undefined) return firstPossible(requirement, trail);
      }
      return undefined;
    },
    openLevel: () => {
      bookmarks.push(inOrder.map(({ requirements, next }) => ({ length: requirements.length, next })));
    },
    backtrackTo: (level) => {
      const bookmark = bookmarks[level];
      if (bookmark === undefined) return;
      for (const [at, queue] of inOrder.entries()) {
        queue.requirements.length = bookmark[at]?.length ?? 0;
        queue.next = bookmark[at]?.next ?? 0;
      }
      bookmarks.length = level;
    },
  };
}

function skipFilled(queue: Queue, trail: Trail): void {
  for (; queue.next < queue.requirements.length; queue.next += 1) {
    const requirement = queue.requirements[queue.next] ?? [];
    if (!requirement.some((candidate) => trail.isTrue(installed(candidate)))) return;
  }
}

function firstPossible(requirement: readonly SolvableId[], trail: Trail): SolvableId {
  const candidate = requirement.find((solvable) => !trail.isFalse(installed(solvable)));
  if (candidate === undefined) throw new Error("propagation left a requirement without candidates");
  return candidate;
}

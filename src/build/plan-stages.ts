import { ComposerError, STAGE_NEEDS, STAGES, stageGaps, type Stage } from "../core/index.ts";

/** How far a build goes, and what it leaves out on the way. */
export interface StagePlan {
  /** The build ends after it. */
  readonly last: Stage;
  readonly skipped: ReadonlySet<Stage>;
}

export interface StageWishes {
  /** `--stage`. */
  readonly last?: Stage;
  /** `--skip-stage`. */
  readonly skipped?: readonly Stage[];
  /** `build.stages` of the template, in order. */
  readonly listed?: readonly Stage[];
}

/**
 * Which stages a build runs. A template's list ends the build after its last stage; what is missing before is skipped.
 *
 * @throws {USAGE} the command line skips what a later stage needs, or the stage that it ends after
 */
export function planStages({ last, skipped = [], listed = [] }: StageWishes): StagePlan {
  const end = last ?? listed.at(-1) ?? "finalize";
  for (const stage of skipped) {
    if (stage === last) {
      throw new ComposerError("USAGE", `Cannot end after the stage "${stage}": --skip-stage leaves it out`);
    }
    const users = usersOf(stage, end).filter((user) => !skipped.includes(user));
    if (users.length > 0) {
      throw new ComposerError("USAGE", `Cannot skip the stage "${stage}": ${inWords(users)} it`, {
        hint: "validate, sign and finalize can be skipped; --stage NAME ends the build earlier",
      });
    }
  }
  return { last: end, skipped: new Set([...skipped, ...stageGaps(listed)]) };
}

function usersOf(stage: Stage, end: Stage): Stage[] {
  return STAGES.slice(0, STAGES.indexOf(end) + 1).filter((user) => STAGE_NEEDS[user].includes(stage));
}

function inWords(users: readonly Stage[]): string {
  if (users.length === 1) return `${users[0]} needs`;
  return `${users.slice(0, -1).join(", ")} and ${users.at(-1)} need`;
}

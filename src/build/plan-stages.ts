import type { Finding } from "../config/index.ts";
import { ComposerError, STAGES, type Stage } from "../core/index.ts";

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
  /** `build.stages` of the template, checked by {@link checkStageList}. */
  readonly listed?: readonly Stage[];
}

/** What a stage takes from earlier ones. */
const NEEDS: Readonly<Record<Stage, readonly Stage[]>> = {
  validate: [],
  packages: [],
  compose: ["packages"],
  configuration: ["packages", "compose"],
  sign: ["packages", "compose", "configuration"],
  finalize: ["packages", "compose", "configuration"],
};

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
  return { last: end, skipped: new Set([...skipped, ...gapsIn(listed)]) };
}

/** What is wrong with a list of `build.stages` whose order is right. */
export function checkStageList(listed: readonly Stage[] | undefined): Finding[] {
  if (listed === undefined) return [];
  if (listed.length === 0) {
    return [{ path: "build.stages", message: "the list is empty", hint: "Leave it out to run all stages" }];
  }
  return gapsIn(listed).flatMap((stage): Finding[] => {
    const index = listed.findIndex((one) => NEEDS[one].includes(stage));
    if (index === -1) return [];
    const message = `stage "${listed[index]}" needs "${stage}", which is not in the list`;
    return [{ path: ["build", "stages", index], message }];
  });
}

function gapsIn(listed: readonly Stage[]): Stage[] {
  const end = listed.at(-1);
  if (end === undefined) return [];
  return STAGES.slice(0, STAGES.indexOf(end)).filter((stage) => !listed.includes(stage));
}

function usersOf(stage: Stage, end: Stage): Stage[] {
  return STAGES.slice(0, STAGES.indexOf(end) + 1).filter((user) => NEEDS[user].includes(stage));
}

function inWords(users: readonly Stage[]): string {
  if (users.length === 1) return `${users[0]} needs`;
  return `${users.slice(0, -1).join(", ")} and ${users.at(-1)} need`;
}

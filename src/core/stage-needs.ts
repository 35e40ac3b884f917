import { type Stage, STAGES } from "./events.ts";

/** What a stage takes from earlier ones. */
export const STAGE_NEEDS: Readonly<Record<Stage, readonly Stage[]>> = {
  validate: [],
  packages: [],
  compose: ["packages"],
  configuration: ["packages", "compose"],
  sign: ["packages", "compose", "configuration"],
  finalize: ["packages", "compose", "configuration"],
};

/** The stages that a list leaves out before its last one. */
export function stageGaps(listed: readonly Stage[]): Stage[] {
  const end = listed.at(-1);
  if (end === undefined) return [];
  return STAGES.slice(0, STAGES.indexOf(end)).filter((stage) => !listed.includes(stage));
}

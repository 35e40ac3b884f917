import { type Stage, STAGE_NEEDS, STAGES, stageGaps } from "../../../core/index.ts";
import type { Finding } from "../../document/index.ts";
import type { BuildSection } from "../schema/build.ts";

/** Stages run in one order, each once, and not without what they need. */
export function checkBuild({ stages }: BuildSection = {}): Finding[] {
  if (stages === undefined) return [];
  if (stages.length === 0) {
    return [{ path: "build.stages", message: "the list is empty", hint: "Leave it out to run all stages" }];
  }
  const disorder = checkOrder(stages);
  return disorder.length > 0 ? disorder : checkNeeds(stages);
}

function checkOrder(stages: readonly Stage[]): Finding[] {
  return stages.flatMap((stage, index): Finding[] => {
    const path = ["build", "stages", index];
    const before = stages.slice(0, index);
    if (before.includes(stage)) return [{ path, message: `stage "${stage}" is already listed above` }];
    const later = before.find((other) => STAGES.indexOf(other) > STAGES.indexOf(stage));
    if (later === undefined) return [];
    const hint = `The order is ${STAGES.join(", ")}`;
    return [{ path, message: `stage "${stage}" runs before "${later}"`, hint }];
  });
}

function checkNeeds(stages: readonly Stage[]): Finding[] {
  return stageGaps(stages).flatMap((missing): Finding[] => {
    const index = stages.findIndex((stage) => STAGE_NEEDS[stage].includes(missing));
    if (index === -1) return [];
    const message = `stage "${stages[index]}" needs "${missing}", which is not in the list`;
    return [{ path: ["build", "stages", index], message }];
  });
}

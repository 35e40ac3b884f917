import { STAGES } from "../../core/index.ts";
import type { Finding } from "../document/index.ts";
import type { BuildSection } from "./schema/build.ts";

/** Stages run in one order, each once. */
export function checkBuild({ stages = [] }: BuildSection = {}): Finding[] {
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

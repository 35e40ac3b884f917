import { describe, expect, it } from "vitest";
import type { Stage } from "../core/index.ts";
import { planStages } from "./plan-stages.ts";

describe("planStages()", () => {
  it.each<[string, Parameters<typeof planStages>[0], Stage, Stage[]]>([
    ["everything by itself", {}, "finalize", []],
    ["--stage", { last: "compose" }, "compose", []],
    ["--skip-stage", { skipped: ["validate", "sign"] }, "finalize", ["validate", "sign"]],
    ["evidence left out", { skipped: ["finalize"] }, "finalize", ["finalize"]],
    ["the end of a list", { listed: ["validate", "packages"] }, "packages", []],
    [
      "the gaps of a list",
      { listed: ["packages", "compose", "configuration", "finalize"] },
      "finalize",
      ["validate", "sign"],
    ],
    ["--stage over a list", { last: "finalize", listed: ["validate", "packages"] }, "finalize", []],
    ["what nobody needs any more", { last: "packages", skipped: ["compose"] }, "packages", ["compose"]],
  ])("plans %s", (_, wishes, last, skipped) => {
    const plan = planStages(wishes);
    expect({ last: plan.last, skipped: [...plan.skipped] }).toEqual({ last, skipped });
  });

  it.each<[Parameters<typeof planStages>[0], RegExp]>([
    [{ skipped: ["compose"] }, /skip the stage "compose": configuration, sign and finalize need it/],
    [{ skipped: ["compose", "sign"] }, /"compose": configuration and finalize need it/],
    [{ last: "compose", skipped: ["packages"] }, /"packages": compose needs it/],
    [{ last: "sign", skipped: ["sign"] }, /end after the stage "sign": --skip-stage leaves it out/],
  ])("refuses %j", (wishes, words) => {
    expect(() => planStages(wishes)).toThrow(words);
  });
});

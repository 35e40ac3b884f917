import { describe, expect, it } from "vitest";
import type { ClauseOrigin } from "../clause.ts";
import { conflictTree } from "./conflict-tree.ts";
import type { ExplainedProvider } from "./explained-provider.ts";

describe("conflictTree()", () => {
  it("ends in chains that are longer than the call stack", () => {
    // Package n has the requirement n + 1, which only package n + 1 fills.
    const provider: ExplainedProvider = {
      candidates: (requirement) => [requirement],
      conditions: () => [],
      requirements: (solvable) => [solvable + 1],
      wishes: () => [],
      conflicts: () => [],
      versions: (solvable) => [solvable],
      facts: (solvable) => ({
        name: `p${solvable}`,
        version: "1",
        repository: "",
        sizeBytes: 0,
        installedSizeBytes: 0,
      }),
      named: () => [],
      needs: (solvable) => [{ requirement: solvable + 1, verb: "depends on", kind: "depends" }],
      requirementText: (requirement) => `p${requirement}`,
      namesIn: () => [],
      recommendedBy: () => [],
      filledAs: () => undefined,
      exclusion: () => ({ verb: "breaks", passiveVerb: "is broken by" }),
      missing: () => [],
    };
    const core = Array.from({ length: 50_000 }, (_, solvable): ClauseOrigin => {
      return { kind: "requires", solvable, requirement: solvable + 1 };
    });
    const lines = conflictTree(core, [{ requirement: 0, text: "asked for" }], provider);
    expect(lines.slice(0, 3)).toEqual(["asked for", "└─ p0 1 depends on p1", "   └─ p1 1 depends on p2"]);
    expect(lines.at(-1)).toMatch(/└─ p200 1 …$/);
    expect(lines).toHaveLength(12);
  });
});

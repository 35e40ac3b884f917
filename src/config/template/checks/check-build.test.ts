import { describe, expect, it } from "vitest";
import type { Stage } from "../../../core/index.ts";
import { checkBuild } from "./check-build.ts";

describe("checkBuild()", () => {
  it.each<[Stage[], string[]]>([
    [["validate", "packages", "compose", "configuration", "finalize"], []],
    [["packages"], []],
    [[], ["the list is empty"]],
    [["packages", "validate"], ['stage "validate" runs before "packages"']],
    [["validate", "compose"], ['stage "compose" needs "packages", which is not in the list']],
    [["packages", "compose", "finalize"], ['stage "finalize" needs "configuration", which is not in the list']],
  ])("finds in %j", (stages, messages) => {
    expect(checkBuild({ stages }).map(({ message }) => message)).toEqual(messages);
  });
});

import { describe, expect, it } from "vitest";
import type { BuildEvent, SavedResults, Step } from "../core/index.ts";
import { createStepRun } from "./run-steps.ts";

const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() };

/** Steps that record that they ran, and results that outlive one run. */
function workshop() {
  const ran: string[] = [];
  const shelf = new Map<string, unknown>();
  const saved = <T>(): SavedResults<T> => ({
    load: async (key) => shelf.get(key) as T | undefined,
    save: async (key, result) => void shelf.set(key, result),
  });
  const step = <T>(name: string, result: T, more: Partial<Step<T>> = {}): Step<T> => ({
    name,
    stage: "compose",
    title: name,
    inputs: [],
    settings: null,
    run: async (values) => {
      ran.push(name);
      for (const input of more.inputs ?? []) await values.get(input);
      return result;
    },
    ...more,
  });
  const start = (options: { codeDigest?: string; reuse?: boolean; emit?: (event: BuildEvent) => void } = {}) =>
    createStepRun({ codeDigest: "code", reuse: true, emit: () => undefined, clock, ...options });
  return { ran, step, saved, start };
}

describe("createStepRun()", () => {
  it("runs each step once, however often its result is asked for", async () => {
    const { ran, step, start } = workshop();
    const base = step("base", 1);
    const left = step("left", 2, { inputs: [base] });
    const right = step("right", 3, { inputs: [base] });
    const run = start();
    await run.get(step("top", 4, { inputs: [left, right] }));
    expect(ran.toSorted()).toEqual(["base", "left", "right", "top"]);
  });

  it("takes a saved result and runs none of its inputs", async () => {
    const { ran, step, saved, start } = workshop();
    const steps = () => step("image", "bytes", { inputs: [step("tree", "files")], saved: saved<string>() });
    await start().get(steps());
    ran.length = 0;
    expect(await start().get(steps())).toBe("bytes");
    expect(ran).toEqual([]);
  });

  it("runs again when a setting, an input's setting or the program's code changed", async () => {
    const { ran, step, saved, start } = workshop();
    const shelf = saved<string>();
    const image = (own: string, ofInput: string) =>
      step("image", "bytes", { settings: own, inputs: [step("tree", "files", { settings: ofInput })], saved: shelf });
    const runsAfter = async (own: string, ofInput: string, codeDigest: string): Promise<boolean> => {
      ran.length = 0;
      await start({ codeDigest }).get(image(own, ofInput));
      return ran.includes("image");
    };
    expect(await runsAfter("a", "b", "1")).toBe(true);
    expect(await runsAfter("a", "b", "1")).toBe(false);
    expect(await runsAfter("A", "b", "1")).toBe(true);
    expect(await runsAfter("a", "B", "1")).toBe(true);
    expect(await runsAfter("a", "b", "2")).toBe(true);
  });

  it("keys what follows by the result of a step that says so", async () => {
    const { ran, step, saved, start } = workshop();
    const shelf = saved<string>();
    const image = (indexDate: number, packages: string) => {
      const index = step("index", { indexDate, packages }, { keyOfResult: (found) => found.packages });
      return step("image", "bytes", { inputs: [index], saved: shelf });
    };
    await start().get(image(1, "a"));
    ran.length = 0;
    await start().get(image(2, "a"));
    expect(ran).toEqual(["index"]);
    await start().get(image(2, "b"));
    expect(ran).toContain("image");
  });

  it("runs everything when results may not be used again, and still saves them", async () => {
    const { ran, step, saved, start } = workshop();
    const image = step("image", "bytes", { saved: saved<string>() });
    await start().get(image);
    await start({ reuse: false }).get(image);
    await start().get(image);
    expect(ran).toEqual(["image", "image"]);
  });

  it("tells of each step that ran and of each that was reused", async () => {
    const { step, saved, start } = workshop();
    const image = step("image", "bytes", { saved: saved<string>() });
    const events: string[] = [];
    const emit = (event: BuildEvent): void => {
      if (event.type === "step-started") events.push(`start ${event.step}`);
      if (event.type === "step-finished") events.push(`${event.reused ? "reused" : "ran"} ${event.step}`);
    };
    await start({ emit }).get(image);
    await start({ emit }).get(image);
    expect(events).toEqual(["start image", "ran image", "reused image"]);
  });

  it("passes a failure on to everything that needs the step, and saves nothing", async () => {
    const { step, saved, start } = workshop();
    const shelf = saved<string>();
    let attempts = 0;
    const flaky: Step<string> = {
      ...step("flaky", ""),
      saved: shelf,
      run: async () => {
        attempts += 1;
        if (attempts === 1) throw new Error("no luck");
        return "done";
      },
    };
    await expect(start().get(step("top", 1, { inputs: [flaky] }))).rejects.toThrow("no luck");
    expect(await start().get(flaky)).toBe("done");
  });

  describe("a result that is saved meanwhile", () => {
    function slowly(end: Promise<void>): SavedResults<string> {
      return { load: async () => undefined, save: () => end };
    }

    it("is used before it is saved, and waited for at the end", async () => {
      const { step, start } = workshop();
      const ended = Promise.withResolvers<void>();
      const tree = step("tree", "files", { saved: slowly(ended.promise), savesMeanwhile: true });
      const run = start();
      expect(await run.get(step("image", "bytes", { inputs: [tree] }))).toBe("bytes");
      let isSettled = false;
      const settled = run.settle().then(() => (isSettled = true));
      await Promise.resolve();
      expect(isSettled).toBe(false);
      ended.resolve();
      await settled;
      expect(isSettled).toBe(true);
    });

    it("fails the build at the end when it could not be saved", async () => {
      const { step, start } = workshop();
      const saved = slowly(Promise.reject(new Error("the disk is full")));
      const run = start();
      await run.get(step("tree", "files", { saved, savesMeanwhile: true }));
      await expect(run.settle()).rejects.toThrow("the disk is full");
    });

    it("is another thing than one that is saved before anybody uses it", async () => {
      const { step, start } = workshop();
      const saved = slowly(Promise.reject(new Error("the disk is full")));
      await expect(start().get(step("tree", "files", { saved }))).rejects.toThrow("the disk is full");
    });
  });
});

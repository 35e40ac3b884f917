import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Host } from "../host/index.ts";
import { nodeFiles } from "../host/index.ts";
import { saveResultsIn } from "./saved-results.ts";

interface Result {
  readonly file: string;
}

describe("saveResultsIn()", () => {
  let directory: string;
  let file: string;
  const results = () =>
    saveResultsIn<Result>({ files: nodeFiles } as Host, {
      record: path.join(directory, "records", "step.json"),
      filesOf: (result) => [result.file],
    });

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "saved-results-"));
    file = path.join(directory, "output");
    await writeFile(file, "content");
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("gives back what was saved under the same key", async () => {
    await results().save("key", { file });
    expect(await results().load("key")).toEqual({ file });
  });

  it("knows nothing of another key, nor before anything was saved", async () => {
    expect(await results().load("key")).toBeUndefined();
    await results().save("key", { file });
    expect(await results().load("other")).toBeUndefined();
  });

  it.each<[string, () => Promise<void>]>([
    ["grew", () => writeFile(file, "longer content")],
    ["has another time", () => utimes(file, 1, 1)],
    ["is gone", () => rm(file)],
    [
      "is another file of the same size and time",
      async () => {
        const content = await readFile(file);
        await rm(file);
        await writeFile(path.join(directory, "takes-the-old-inode"), "");
        await writeFile(file, content);
      },
    ],
  ])("does not give it back when its file %s", async (_, change) => {
    await results().save("key", { file });
    await change();
    expect(await results().load("key")).toBeUndefined();
  });

  it("takes a damaged record for a missing one", async () => {
    await results().save("key", { file });
    await writeFile(path.join(directory, "records", "step.json"), '{"key": "key", "fil');
    expect(await results().load("key")).toBeUndefined();
  });
});

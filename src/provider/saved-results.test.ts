import { mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Host } from "../host/index.ts";
import { nodeFiles, systemClock } from "../host/index.ts";
import { saveResultsIn, saveResultsInBoth, shelveResultsIn } from "./saved-results.ts";

interface Result {
  readonly file: string;
}

describe("saveResultsIn()", () => {
  let directory: string;
  let file: string;
  const results = () =>
    saveResultsIn<Result>(
      { files: nodeFiles },
      {
        record: path.join(directory, "records", "step.json"),
        filesOf: (result) => [result.file],
      },
    );

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

describe("shelveResultsIn()", () => {
  let directory: string;
  const at = (...parts: string[]): string => path.join(directory, ...parts);
  const host = { files: nodeFiles, clock: systemClock } as Host;
  const shelf = (key: string, home = "home") =>
    shelveResultsIn<Result>(host, {
      directory: at("shelf", key),
      record: "result.json",
      home: at(home),
      filesOf: (result) => [result.file],
      moved: (result, to) => ({ file: to(result.file) }),
    });
  const make = async (content: string): Promise<Result> => {
    await writeFile(at("fresh"), content);
    await rename(at("fresh"), at("home/image"));
    return { file: at("home/image") };
  };

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "shelved-results-"));
    for (const name of ["home", "other"]) await mkdir(at(name));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("brings a result back after another took its place, and that one again", async () => {
    await shelf("a").save("a", await make("A"));
    await shelf("b").save("b", await make("B"));
    expect(await shelf("a").load("a")).toEqual({ file: at("home/image") });
    expect(await readFile(at("home/image"), "utf8")).toBe("A");
    await shelf("b").load("b");
    expect(await readFile(at("home/image"), "utf8")).toBe("B");
    expect(await nodeFiles.list(at("home"))).toEqual(["image"]);
    expect(await nodeFiles.list(at("shelf/a"))).toEqual(["image", "result.json"]);
  });

  it("brings it to another place than the one that it was saved from", async () => {
    await shelf("a").save("a", await make("A"));
    expect(await shelf("a", "other").load("a")).toEqual({ file: at("other/image") });
    expect(await readFile(at("other/image"), "utf8")).toBe("A");
  });

  it.each<[string, () => Promise<void>]>([
    ["was changed", () => writeFile(at("home/image"), "changed in place")],
    ["is gone", () => rm(at("shelf/a/image"))],
    ["has no record", () => rm(at("shelf/a/result.json"))],
  ])("finds nothing when its file %s", async (_, change) => {
    await shelf("a").save("a", await make("A"));
    // Blocks may be shared or the file itself: either way the change must be seen, or must not matter.
    await change();
    const found = await shelf("a").load("a");
    if (found !== undefined) expect(await readFile(found.file, "utf8")).toBe("A");
    else expect(found).toBeUndefined();
  });

  it("counts every use", async () => {
    const result = await make("A");
    await shelf("a").save("a", result);
    for (const use of [() => shelf("a").load("a"), () => shelf("a").save("a", result)]) {
      await utimes(at("shelf/a/result.json"), 1, 1);
      await use();
      expect((await nodeFiles.stat(at("shelf/a/result.json")))?.mtimeMs).toBeGreaterThan(1000);
    }
  });

  it("is asked when the newest result is another one, which then is the newest", async () => {
    const own = saveResultsIn<Result>(host, { record: at("own.json"), filesOf: (result) => [result.file] });
    await shelf("a").save("a", await make("A"));
    await own.save("b", await make("B"));
    expect(await saveResultsInBoth(own, shelf("a")).load("a")).toEqual({ file: at("home/image") });
    expect(await own.load("a")).toEqual({ file: at("home/image") });
    expect(await own.load("b")).toBeUndefined();
  });
});

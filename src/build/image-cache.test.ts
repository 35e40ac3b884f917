import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BuildEvent, parseSha256, type Step } from "../core/index.ts";
import { type Host, nodeFiles, systemClock } from "../host/index.ts";
import { type BuiltImage, saveResultsIn } from "../provider/index.ts";
import { createImageCache } from "./image-cache.ts";
import { createStepRun } from "./run-steps.ts";

const host = { files: nodeFiles, clock: systemClock } as Host;
const DIGEST = parseSha256("0".repeat(64));

describe("createImageCache()", () => {
  let root: string;
  const at = (...parts: string[]): string => path.join(root, ...parts);
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "image-cache-"));
    mkdirSync(at("home"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Builds what `name` says, as a build would. @returns the names of the steps that ran */
  async function build(name: string, maxCount = 2): Promise<string[]> {
    const ran: string[] = [];
    const write = (file: string): string => {
      writeFileSync(at("new"), `${file} of ${name}`);
      renameSync(at("new"), at("home", file));
      return at("home", file);
    };
    if (DIGEST === undefined) throw new Error("no digest");
    const artifact = { format: "raw", compression: undefined, sizeBytes: 1, sha256: DIGEST } as const;
    const image: Step<BuiltImage> = {
      name: "image",
      stage: "finalize",
      inputs: [],
      settings: name,
      saved: saveResultsIn(host, {
        record: at("image.json"),
        filesOf: ({ artifacts }) => artifacts.map((one) => one.path),
      }),
      run: async () => {
        ran.push("image");
        return { artifacts: [{ ...artifact, path: write("image.raw") }], buildKey: DIGEST };
      },
    };
    const emit = (event: BuildEvent): void => void event;
    const places = { imageCache: at("cache"), imageBuild: at("home") };
    const cache = createImageCache(host, image, { places, maxCount, emit });
    const evidence = cache.evidence({
      name: "evidence",
      stage: "finalize",
      inputs: [cache.image],
      settings: null,
      saved: saveResultsIn<readonly string[]>(host, { record: at("evidence.json"), filesOf: (files) => files }),
      run: async () => {
        ran.push("evidence");
        return [write("manifest.json")];
      },
    });
    const run = createStepRun({ codeDigest: "", reuse: true, emit, clock: systemClock });
    const { artifacts } = await run.get(cache.image);
    const files = await run.get(evidence);
    await cache.keep(run, evidence);
    for (const file of [...artifacts.map((one) => one.path), ...files]) {
      expect(readFileSync(file, "utf8")).toBe(`${path.basename(file)} of ${name}`);
    }
    return ran;
  }

  it("returns A after B was built, with its evidence, and then B", async () => {
    expect(await build("A")).toEqual(["image", "evidence"]);
    expect(await build("B")).toEqual(["image", "evidence"]);
    expect(await build("A")).toEqual([]);
    expect(await build("A")).toEqual([]);
    expect(await build("B")).toEqual([]);
  });

  it("forgets the least recently used", async () => {
    await build("A");
    await build("B");
    // A was used long ago, but B even longer.
    for (const [age, entry] of readdirSync(at("cache")).entries()) {
      const record = at("cache", entry, "image.json");
      const isB = readFileSync(at("cache", entry, "image.raw"), "utf8").endsWith("B");
      utimesSync(record, isB ? 1 : 1000 + age, isB ? 1 : 1000 + age);
    }
    await build("C");
    expect(readdirSync(at("cache"))).toHaveLength(2);
    expect(await build("A")).toEqual([]);
    expect(await build("B")).toEqual(["image", "evidence"]);
  });

  it("makes an image again that somebody changed in the cache", async () => {
    await build("A");
    await build("B");
    for (const entry of readdirSync(at("cache"))) writeFileSync(at("cache", entry, "image.raw"), "something else");
    expect(await build("A")).toEqual(["image"]);
  });
});

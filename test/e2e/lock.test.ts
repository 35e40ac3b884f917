import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../src/evidence/index.ts";
import type { LockDocument } from "../../src/ospackage/lock/lock-schema.ts";
import { explainDifference } from "./support/explain-difference.ts";
import { makeDirectory, REPOSITORY, run } from "./support/workshop.ts";

const COMPOSER = path.join(REPOSITORY, "os-image-composer");
const IMAGE = "locked-1.raw";
const BASE =
  'image: { name: locked, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\n';

/** Real root can take the network away altogether; for others --offline has to do. */
const WITHOUT_NETWORK = process.getuid?.() === 0 ? ["unshare", "--net"] : [];

describe("a locked build of a real image", () => {
  let directory: { path: string } & AsyncDisposable;
  const at = (...parts: string[]): string => path.join(directory.path, ...parts);
  const compose = (words: readonly string[], through: readonly string[] = []) => {
    const [program = COMPOSER, ...rest] = [...through, COMPOSER, ...words];
    return run([program, ...rest], { cwd: directory.path });
  };
  const build = (output: string, ...words: string[]) => [
    "build",
    "edge.yml",
    "--progress",
    "plain",
    "--output",
    output,
    "--work-dir",
    `work-${output}`,
    ...words,
  ];

  beforeAll(async () => {
    directory = await makeDirectory("lock-");
    await writeFile(at("edge.yml"), `${BASE}systemConfig: { name: locked }\n`);
  });
  afterAll(async () => {
    for (const output of ["a", "b"]) await compose(["cache", "clean", "--all", "--work-dir", `work-${output}`]);
    await directory[Symbol.asyncDispose]();
  });

  it("has the bytes of the build that the lock was made with, the network cut off", async () => {
    const lockAndBuild = async (): Promise<string> => {
      const locked = await compose(["lock", "edge.yml", "--mirror", "debian=host"]);
      expect(locked.exitCode, locked.stderr).toBe(0);
      expect(locked.stdout).toBe("edge.lock.json\n");
      const built = await compose(build("a", "--mirror", "debian=host"));
      expect(built.exitCode, built.stderr).toBe(0);
      return built.stderr;
    };
    // The archive is updated several times a day: that may have been between the two.
    if ((await lockAndBuild()).includes("edge.lock.json")) {
      expect(await lockAndBuild()).not.toContain("edge.lock.json");
    }

    const second = await compose(build("b", "--locked", "--offline", "--no-image-cache"), WITHOUT_NETWORK);
    expect(second.exitCode, second.stderr).toBe(0);
    expect(second.stderr).not.toMatch(/Fetching|Resolving|Downloading|Reusing/);
    expect(await explainDifference(at("a", IMAGE), at("b", IMAGE))).toBeUndefined();
    const { packages } = JSON.parse(await readFile(at("edge.lock.json"), "utf8")) as LockDocument;
    const { sourceDateEpoch } = JSON.parse(await readFile(at("a", "manifest.json"), "utf8")) as Manifest;
    expect(Math.max(...packages.map(({ buildTimeSeconds = Number.NaN }) => buildTimeSeconds))).toBe(sourceDateEpoch);
    for (const name of ["manifest.json", "spdx_manifest.json"]) {
      expect(await readFile(at("b", name), "utf8"), name).toBe(await readFile(at("a", name), "utf8"));
    }
  });

  it("refuses, before it starts anything, a lock that is damaged, stale or gone", async () => {
    const text = await readFile(at("edge.lock.json"), "utf8");
    await writeFile(at("edge.lock.json"), text.replace(/"sizeBytes": \d+/, '"sizeBytes": 1e99'));
    const damaged = await compose(build("b", "--locked"));
    expect([damaged.exitCode, damaged.stderr]).toEqual([2, expect.stringMatching(/edge\.lock\.json:\d+:\d+: .*range/)]);

    await writeFile(at("edge.lock.json"), text);
    await writeFile(at("edge.yml"), `${BASE}systemConfig: { name: locked, packages: [nginx], hostname: other }\n`);
    const stale = await compose(build("b", "--locked"));
    expect([stale.exitCode, stale.stderr]).toEqual([2, expect.stringContaining('asks for "nginx", the lock does not')]);

    await writeFile(at("other.yml"), BASE);
    const gone = await compose(["build", "other.yml", "--locked"]);
    expect([gone.exitCode, gone.stderr]).toEqual([2, expect.stringContaining("os-image-composer lock other.yml")]);
  });
});

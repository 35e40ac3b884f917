import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOW } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { type CachedPackage, planPruning, type PruneOptions, prunePackages } from "./prune-packages.ts";

const DAY_MS = 24 * 3_600_000;
const roomy: PruneOptions = { maxSizeBytes: 1000, retentionDays: 30, used: new Set(), alone: true };

describe("planPruning()", () => {
  const packages = (...ages: number[]): CachedPackage[] =>
    ages.map((days) => ({ file: `${days}.deb`, sizeBytes: 100, usedMs: -days * DAY_MS, isPartial: false }));
  const pruned = (some: CachedPackage[], options: Partial<PruneOptions> = {}): string[] =>
    planPruning(some, { ...roomy, ...options, nowMs: 0 }).map(({ file }) => file);

  it("removes what was not used for the days of retention", () => {
    expect(pruned(packages(29, 30, 31, 400))).toEqual(["400.deb", "31.deb"]);
  });

  it("removes the least recently used first until the rest fits, and no more", () => {
    expect(pruned(packages(1, 5, 3, 2), { maxSizeBytes: 200 })).toEqual(["5.deb", "3.deb"]);
    expect(pruned(packages(1, 5, 3, 2), { maxSizeBytes: 400 })).toEqual([]);
  });

  it("never removes what the build used, also when nothing else is left", () => {
    expect(pruned(packages(1, 50), { maxSizeBytes: 0, used: new Set(["50.deb", "1.deb"]) })).toEqual([]);
  });

  it("leaves to builds that run at the same time what was used within a day", () => {
    expect(pruned(packages(0.5, 2), { maxSizeBytes: 0, alone: false })).toEqual(["2.deb"]);
  });

  it("leaves downloads alone that may still grow", () => {
    const partial = packages(0.5, 2).map((one) => ({ ...one, isPartial: true }));
    expect(pruned(partial, { maxSizeBytes: 0 })).toEqual(["2.deb"]);
  });
});

describe("prunePackages()", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), "prune-packages-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const put = (name: string, ageDays: number): string => {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "x".repeat(10));
    const seconds = NOW.getTime() / 1000 - ageDays * 86_400;
    utimesSync(file, seconds, seconds);
    return file;
  };

  it("looks at packages and unfinished downloads of all providers, and at nothing else", async () => {
    put("debian/old_1_amd64.deb", 40);
    put("debian/0123456789abcdef/old_1_amd64.deb", 40);
    put("debian/partial/abc.part", 40);
    put("azl3/old-1.rpm", 40);
    put("debian/chrootpkgs.dot", 40);
    put("debian/new_1_amd64.deb", 1);
    const used = put("debian/used_1_amd64.deb", 40);
    const host = testHost(NOW);
    expect(await prunePackages(host, directory, { ...roomy, used: new Set([used]) })).toEqual({
      fileCount: 4,
      freedBytes: 40,
    });
    const left = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
    expect(left).toEqual([
      "azl3",
      "debian",
      ...["chrootpkgs.dot", "new_1_amd64.deb", "used_1_amd64.deb"].map((name) => `debian/${name}`),
    ]);
    expect(statSync(used).mtimeMs).toBeCloseTo(NOW.getTime(), -3);
    await host.http.close();
  });

  it("has nothing to do where there is no cache", async () => {
    const host = testHost(NOW);
    const nowhere = path.join(directory, "none");
    expect(await prunePackages(host, nowhere, roomy)).toEqual({ fileCount: 0, freedBytes: 0 });
    await host.http.close();
  });
});

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Settings } from "../config/index.ts";
import { type Host, nodeFiles, systemClock, tryFileLock } from "../host/index.ts";
import type { BuildRequest } from "../provider/index.ts";
import { buildPaths } from "./build-paths.ts";
import { removeKeptFiles } from "./clean-caches.ts";
import { takeBuildLocks, useLockFile } from "./take-locks.ts";

const host = { files: nodeFiles, clock: systemClock } as Host;

describe("takeBuildLocks()", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "take-locks-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const start = (target: string, maxConcurrentBuilds: number, signal?: AbortSignal) => {
    const said: string[] = [];
    const settings = { workDir: path.join(root, "work"), cacheDir: path.join(root, "cache"), maxConcurrentBuilds };
    const request = {
      settings: settings as Settings,
      emit: (event) => void ("message" in event && said.push(event.message)),
      ...(signal === undefined ? {} : { signal }),
    } as BuildRequest;
    const locks = new AsyncDisposableStack();
    const places = buildPaths(settings, "debian-debian13-x86_64", target);
    let holds = false;
    const taken = takeBuildLocks(host, request, places, locks).then(() => (holds = true));
    return { taken, said, locks, holds: () => holds };
  };
  const untilSaid = async (said: readonly string[]): Promise<void> => {
    while (said.length === 0) await systemClock.sleep(20);
  };

  it("lets as many builds run as it is told to, and the next when one ends", async () => {
    const [first, second] = [start("a", 2), start("b", 2)];
    await Promise.all([first.taken, second.taken]);
    const third = start("c", 2);
    await untilSaid(third.said);
    expect(third.said).toEqual([
      `Waiting for one of 2 other builds in "${path.join(root, "work")}" to end (core.max_concurrent_builds: 2)`,
    ]);
    expect(third.holds()).toBe(false);
    await second.locks.disposeAsync();
    await third.taken;
    await Promise.all([first, third].map(({ locks }) => locks.disposeAsync()));
  });

  it("waits for another build of the same target without taking a slot from others", async () => {
    const first = start("a", 2);
    await first.taken;
    const same = start("a", 2);
    await untilSaid(same.said);
    expect(same.said).toEqual(['Waiting for another build of "a" to end']);
    const other = start("b", 2);
    await other.taken;
    expect(other.said).toEqual([]);
    for (const one of [first, other]) await one.locks.disposeAsync();
    await same.taken;
    await same.locks.disposeAsync();
  });

  it("stops waiting when the build is interrupted", async () => {
    const first = start("a", 1);
    await first.taken;
    const interruption = new AbortController();
    const second = start("b", 1, interruption.signal);
    await untilSaid(second.said);
    interruption.abort();
    await expect(second.taken).rejects.toMatchObject({ code: "INTERRUPTED" });
    for (const one of [first, second]) await one.locks.disposeAsync();
  });

  it("keeps others from cleaning, and is kept waiting while somebody cleans", async () => {
    const settings = { workDir: path.join(root, "work"), cacheDir: path.join(root, "cache") };
    const build = start("a", 1);
    await build.taken;
    const tree = path.join(root, "work/debian-debian13-x86_64/imagebuild/a");
    const clean = () => {
      const kept = [{ kind: "workspace", paths: [tree] }] as const;
      return removeKeptFiles(host, settings, kept, { onRemoved: () => undefined });
    };
    await expect(clean()).rejects.toMatchObject({ code: "HOST_LOCK_BUSY" });
    expect(existsSync(tree)).toBe(true);
    await build.locks.disposeAsync();
    await clean();
    expect(existsSync(tree)).toBe(false);

    const cleaning = await tryFileLock(useLockFile(settings.workDir));
    const next = start("a", 1);
    await untilSaid(next.said);
    expect(next.said).toEqual([`Waiting until "${settings.workDir}" is cleaned`]);
    await cleaning?.[Symbol.asyncDispose]();
    await next.taken;
    await next.locks.disposeAsync();
  });
});

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { copyProgram } from "./support/copy-program.ts";
import { explainDifference } from "./support/explain-difference.ts";
import {
  brokenPackages,
  familyOf,
  filesBelow,
  findLeftovers,
  foreignFiles,
  type HostProcess,
} from "./support/leftovers.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const TEMPLATE = "image-templates/debian13-x86_64-minimal-raw.yml";
const IMAGE = "debian-debian13-x86_64/imagebuild/minimal/debian13-minimal-1.0.0.raw";
const isFull = process.env.OIC_TEST_FULL !== undefined;
const isRoot = process.getuid?.() === 0;

const ROUNDS = isFull ? 40 : 3;
/** Rounds that come later are left out; the long tests do all of them. */
const KILLING_TIME_MS = (isFull ? 45 : 2) * 60_000;
/** What more it may take until each of the three has been killed. */
const EXTRA_TIME_MS = 5 * 60_000;
const KILLING_TIMEOUT_MS = KILLING_TIME_MS + EXTRA_TIME_MS + 20 * 60_000;
/** What the outer half says when what it waits for was killed; a killed outer half can say nothing. */
const KILLED_MESSAGE = "Cannot finish: the program was killed; nothing unfinished was kept";
/** How long the kernel may take to end what was started. */
const GONE_WITHIN_MS = 30_000;
const PLAIN_USER = "oic-test-builder";
/** Of the outer half, `unshare` and the inner half. */
const DEPTHS = [0, 1, 2];

/** Who builds, and with which copy of the program. */
interface Builder {
  readonly uid: number;
  readonly gid: number;
  readonly program: string;
}

interface Build {
  readonly child: ChildProcess;
  /** What it has written so far, both streams. */
  readonly output: () => string;
  /** The exit code, or the name of the signal that ended the launcher. */
  readonly ended: Promise<number | string>;
  /** Its processes now, the launcher first. */
  readonly watch: () => HostProcess[];
  /** All that {@link Build.watch} ever saw. */
  readonly seen: () => HostProcess[];
}

let directory = "";
/** The package cache of the first build, and its image: what everything is compared with. */
let completeCache = "";
let firstImage = "";
let firstLengthMs = 0;
const running: Build[] = [];

const self: Builder = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, program: REPOSITORY };

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "interruption-"));
  fs.chmodSync(directory, 0o755);
  const place = newPlace("first", self);
  const startedMs = performance.now();
  const build = start(self, place, []);
  expect(await build.ended, build.output()).toBe(0);
  firstLengthMs = performance.now() - startedMs;
  completeCache = path.join(place, "cache");
  firstImage = path.join(place, "work", IMAGE);
});

afterEach(() => {
  // Only what a failed test has left.
  for (const { child } of running.splice(0)) child.kill("SIGKILL");
});

afterAll(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

describe("an interrupted build", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s ends with a message, exit code %i and nothing left", async (signal, exitCode) => {
    const place = newPlace(signal, self);
    const build = start(self, place, ["--offline"], completeCache);
    await waitUntil(() => build.output().includes("Installing packages ("), 120_000, build);
    await sleep(1000);
    build.watch();
    build.child.kill(signal);
    expect(await build.ended, build.output()).toBe(exitCode);
    expect(build.output()).toContain(`The build was ended by ${signal}`);
    expect(findLeftovers({ marker: place, family: build.seen() })).toEqual([]);
    expectNothingAstray(place, self);
    expect(filesBelow(path.join(place, "work")).filter((file) => file.endsWith(".raw"))).toEqual([]);
  });

  const survives =
    "survives kill -9 of each of its processes at any moment, and the next two builds give the same image";
  it(survives, { timeout: KILLING_TIMEOUT_MS }, async () => {
    const place = newPlace("killed", self);
    await killRounds(self, place, ROUNDS, 20_261_121);
    // Two at once on what the killed ones have left: one builds, the other waits and takes the result.
    const builds = [0, 1].map(() => start(self, place, ["--offline"], completeCache));
    for (const build of builds) expect(await build.ended, build.output()).toBe(0);
    const printed = builds.map((build) =>
      build
        .output()
        .split("\n")
        .filter((line) => line.startsWith("/")),
    );
    expect(printed[0]).toEqual(printed[1]);
    expect(builds.filter((build) => build.output().includes("Waiting for another build"))).toHaveLength(1);
    expect(await explainDifference(firstImage, path.join(place, "work", IMAGE))).toBeUndefined();
    const finished = filesBelow(path.dirname(path.join(place, "work", IMAGE)));
    expect(finished).toEqual(filesBelow(path.dirname(firstImage)));
  });

  it("leaves no half package when it is killed while it downloads", async () => {
    const place = newPlace("download", self);
    for (const delayMs of isFull ? [0, 200, 500, 1000, 2000] : [300]) {
      const build = start(self, place, []);
      await waitUntil(() => build.output().includes("Downloading packages"), 120_000, build);
      await sleep(delayMs);
      build.watch();
      build.child.kill("SIGKILL");
      await build.ended;
      await expectGone(place, build);
      expect(brokenPackages(path.join(place, "cache"), completeCache)).toEqual([]);
    }
  });

  it("leaves nothing either when a plain user builds, whose image is the same", async ({ skip }) => {
    if (!isRoot || !isFull) skip("it is one of the long tests (npm run test:full), and only root can make a user");
    const builder = await makePlainUser();
    try {
      const place = newPlace("plain", builder);
      const cache = path.join(place, "cache");
      fs.cpSync(completeCache, cache, { recursive: true, preserveTimestamps: true });
      execFileSync("chown", ["-R", `${builder.uid}:${builder.gid}`, cache]);
      await killRounds(builder, place, 9, 7, cache);
      const build = start(builder, place, ["--offline"], cache);
      expect(await build.ended, build.output()).toBe(0);
      expect(await explainDifference(firstImage, path.join(place, "work", IMAGE))).toBeUndefined();
      expectNothingAstray(place, builder);
    } finally {
      removePlainUser();
    }
  });
});

/** Kills the launcher, `unshare` or the inner half in turn, at moments spread over a whole build. */
async function killRounds(builder: Builder, place: string, rounds: number, seed: number, cache = completeCache) {
  const random = randomNumbers(seed);
  const killed: number[] = [];
  const untilMs = performance.now() + KILLING_TIME_MS;
  const timesOf = (depth: number): number => killed.filter((one) => one === depth).length;
  const isComplete = (): boolean => DEPTHS.every((depth) => timesOf(depth) > 0);
  const isWanted = (): boolean =>
    isComplete() ? killed.length < rounds && performance.now() < untilMs : performance.now() < untilMs + EXTRA_TIME_MS;
  let longestMs = Math.min(firstLengthMs, isFull ? Infinity : 30_000);
  for (let round = 0; isWanted(); round++) {
    const victimDepth = DEPTHS.toSorted((a, b) => timesOf(a) - timesOf(b))[0] ?? 0;
    // Sometimes the launcher while it is still a shell, or what it has just become; else early and late in turn, so
    // that few rounds reach all stages.
    const momentMs =
      round % 9 === 0 ? 5 + 15 * round : 300 + ((round * 0.382 + 0.2 * random()) % 1) * (longestMs - 300);
    // Every second build goes on from what the killed ones have left.
    const anew = round % 2 === 0 ? [] : ["--no-image-cache"];
    const startedMs = performance.now();
    const build = start(builder, place, ["--offline", ...anew], cache);
    await Promise.race([sleep(momentMs), build.ended]);
    const family = build.watch();
    const chain = mainLine(family);
    const victim = chain[Math.min(victimDepth, chain.length - 1)];
    const about = `round ${round}: ${victim?.command ?? "already ended"} after ${Math.round(momentMs)} ms\n${build.output()}`;
    if (victim === undefined) {
      expect(await build.ended, about).toBe(0);
      longestMs = Math.min(longestMs, Math.max(1000, performance.now() - startedMs));
      fs.rmSync(path.join(place, "work"), { recursive: true });
      continue;
    }
    killQuietly(victim.pid);
    await expectGone(place, build, about);
    const exitCode = await build.ended;
    if (exitCode === 0) {
      // The kill came after all of its work.
      expect(build.output(), about).toContain(path.join(place, "work", IMAGE));
      fs.rmSync(path.join(place, "work"), { recursive: true });
      continue;
    }
    if (victim !== chain[0]) {
      expect(exitCode, about).toBe(1);
      expect(build.output(), about).toContain(KILLED_MESSAGE);
    }
    expectNothingAstray(place, builder);
    killed.push(chain.indexOf(victim));
  }
  const counts = ["the launcher or the outer half", "unshare", "the inner half"].map(
    (name, depth) => `${name} ${timesOf(depth)} times`,
  );
  console.log(`killed ${killed.length} times as uid ${builder.uid}: ${counts.join(", ")}`);
  expect(isComplete()).toBe(true);
}

/** The outer half, `unshare`, the inner half: as many of them as there are by now. */
function mainLine([outer, ...others]: readonly HostProcess[]): HostProcess[] {
  if (outer === undefined) return [];
  // The outer half also tries for a moment whether it may make namespaces.
  const unshare = others.find(
    ({ parentPid, command }) =>
      parentPid === outer.pid && /^(unshare|setpriv) /.test(command) && command.includes("main.ts build"),
  );
  const inner = others.find(({ parentPid }) => parentPid === unshare?.pid);
  return [outer, unshare, inner].filter((one) => one !== undefined);
}

async function expectGone(place: string, build: Build, about = build.output()): Promise<void> {
  const family = build.seen();
  const untilMs = performance.now() + GONE_WITHIN_MS;
  while (findLeftovers({ marker: place, family }).length > 0 && performance.now() < untilMs) await sleep(50);
  expect(findLeftovers({ marker: place, family }), about).toEqual([]);
}

/** Files are only where they were told to be, and belong to the caller. */
function expectNothingAstray(place: string, { uid }: Builder): void {
  expect(fs.readdirSync(place).filter((name) => !["cache", "work", "temp"].includes(name))).toEqual(["home", "tmp"]);
  // Compiled code is a cache of the program itself, and no matter of builds.
  const compiled = ".cache/os-image-composer/compiled";
  const atHome = filesBelow(path.join(place, "home"));
  expect(atHome.filter((file) => !file.startsWith(`${compiled}/`) && !`${compiled}/`.startsWith(`${file}/`))).toEqual(
    [],
  );
  expect(filesBelow(path.join(place, "tmp"))).toEqual([]);
  // Root can remove what package scripts gave to others.
  if (uid !== 0) expect(foreignFiles(place, uid)).toEqual([]);
}

function newPlace(name: string, { uid, gid }: Builder): string {
  const place = fs.mkdtempSync(path.join(directory, `${name}-`));
  for (const part of ["home", "tmp"]) fs.mkdirSync(path.join(place, part));
  if (uid !== self.uid) for (const one of [place, ...["home", "tmp"].map((part) => path.join(place, part))]) fs.chownSync(one, uid, gid); // prettier-ignore
  return place;
}

function start(builder: Builder, place: string, flags: readonly string[], cache = path.join(place, "cache")): Build {
  // An image that an earlier build kept would leave nothing to interrupt, and nothing to compare.
  fs.rmSync(path.join(cache, "imageCache"), { recursive: true, force: true });
  const directories = [
    "--cache-dir",
    cache,
    "--work-dir",
    path.join(place, "work"),
    "--temp-dir",
    path.join(place, "temp"),
  ];
  const command = ["build", path.join(builder.program, TEMPLATE), "--mirror", "debian=host", "--progress", "plain"];
  const child = spawn(path.join(builder.program, "os-image-composer"), [...command, ...directories, ...flags], {
    cwd: place,
    env: { PATH: process.env.PATH, HOME: path.join(place, "home"), TMPDIR: path.join(place, "tmp") },
    stdio: ["ignore", "pipe", "pipe"],
    ...(builder.uid === self.uid ? {} : { uid: builder.uid, gid: builder.gid }),
  });
  let output = "";
  const add = (chunk: Buffer): void => void (output += chunk.toString("utf8"));
  child.stdout.on("data", add);
  child.stderr.on("data", add);
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal ?? ""));
  });
  const seen = new Map<string, HostProcess>();
  const watch = (): HostProcess[] => {
    const now = child.pid === undefined || child.exitCode !== null ? [] : familyOf(child.pid);
    for (const one of now) seen.set(`${one.pid} ${one.startTicks}`, one);
    return now;
  };
  const build = { child, output: () => output, ended, watch, seen: () => [...seen.values()] };
  running.push(build);
  return build;
}

async function waitUntil(isTrue: () => boolean, timeoutMs: number, build: Build): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > untilMs || build.child.exitCode !== null) throw new Error(build.output());
    await sleep(50);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended between two looks.
  }
}

/** Numbers from 0 to 1, the same for the same seed. @see Steele, Vigna: LXM (mulberry32) */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A user with uid ranges, as an installed system gives them, and a copy of the program that this user may read. */
async function makePlainUser(): Promise<Builder> {
  // A killed run of this test may have left the user.
  spawnSync("userdel", [PLAIN_USER]);
  execFileSync("useradd", ["--no-create-home", PLAIN_USER]);
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, PLAIN_USER], { encoding: "utf8" })));
  if (uid === undefined || gid === undefined) throw new Error(`no uid of ${PLAIN_USER}`);
  if (!fs.readFileSync("/etc/subuid", "utf8").includes(`${PLAIN_USER}:`)) {
    const range = "2000000000-2000065535";
    execFileSync("usermod", ["--add-subuids", range, "--add-subgids", range, PLAIN_USER]);
  }
  const program = path.join(directory, "program");
  await copyProgram(program);
  return { uid, gid, program };
}

function removePlainUser(): void {
  execFileSync("userdel", [PLAIN_USER]);
}

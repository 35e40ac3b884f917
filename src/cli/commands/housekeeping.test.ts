import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readEnvironment } from "../../host/index.ts";
import { systemHost } from "../system-host.ts";
import { run } from "../run.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "housekeeping-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function call(...words: readonly string[]) {
  let [stdout, stderr] = ["", ""];
  const host = {
    ...systemHost(),
    environment: { ...readEnvironment(), workingDirectory: directory, homeDirectory: "/nowhere" },
  };
  const streams = { writeOut: (text: string) => (stdout += text), writeError: (text: string) => (stderr += text) };
  const exitCode = await run(host, words, streams);
  await host.http.close();
  return { exitCode, stdout, stderr };
}

const at = (...parts: string[]): string => path.join(directory, ...parts);

describe("config init", () => {
  it("writes a file that only its owner reads and that changes nothing", async () => {
    const before = JSON.parse((await call("config", "show", "--json")).stdout) as { settings: object };
    expect(await call("config", "init")).toEqual({
      exitCode: 0,
      stdout: `${at("os-image-composer.yml")}\n`,
      stderr: "",
    });
    expect(statSync(at("os-image-composer.yml")).mode & 0o777).toBe(0o600);
    const after = JSON.parse((await call("config", "show", "--json")).stdout) as { settings: object; file: string };
    expect(after.settings).toEqual(before.settings);
    expect(after.file).toBe(at("os-image-composer.yml"));
  });

  it("never writes over a file, and makes directories", async () => {
    writeFileSync(at("mine.yml"), "workers: 2\n");
    const { exitCode, stderr } = await call("config", "init", "mine.yml");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^ERROR: Cannot write configuration "mine.yml": it already exists\nhint: /);
    expect(readFileSync(at("mine.yml"), "utf8")).toBe("workers: 2\n");
    expect((await call("config", "init", "a/b/c.yml")).exitCode).toBe(0);
    expect(readdirSync(at("a/b"))).toEqual(["c.yml"]);
  });
});

describe("config show", () => {
  it("tells for each value whether flag, file or nobody set it, and where it looked", async () => {
    writeFileSync(at(".os-image-composer.yml"), "core:\n  max_concurrent_builds: 2\nworkers: 3\n");
    const { stdout } = await call("config", "show", "--parallel", "5", "-v");
    expect(stdout).toContain(`Configuration file: ${at(".os-image-composer.yml")}\nNot there: os-image-composer.yml\n`);
    const line = (key: string) =>
      stdout
        .split("\n")
        .find((text) => text.startsWith(key))
        ?.split(/ {2,}/);
    expect(line("workers")).toEqual(["workers", "5", "--parallel"]);
    expect(line("core.max")).toEqual(["core.max_concurrent_builds", "2", ".os-image-composer.yml:2:3"]);
    expect(line("cache_dir")).toEqual(["cache_dir", at("cache"), "built-in"]);
    expect(line("logging.level")).toEqual(["logging.level", "debug", "--log-level"]);
  });

  it("refuses the same value twice", async () => {
    const { exitCode, stderr } = await call("config", "show", "--parallel", "5", "--workers", "5");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--parallel and --workers say the same thing/);
  });
});

describe.each(["cache", "config"])("%s alone", (command) => {
  it("is told that something is missing", async () => {
    expect(await call(command)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr:
        "ERROR: Cannot read the command line: it does not say what to do\nhint: --help after the command shows what follows it\n",
    });
  });
});

describe("cache", () => {
  const PROVIDER = "debian-debian13-x86_64";
  const TARGET = `workspace/${PROVIDER}/imagebuild/minimal`;
  const files = [
    `cache/pkgCache/${PROVIDER}/bash_1_amd64.deb`,
    "cache/pkgCache/debian-debian12-x86_64/bash_1_amd64.deb",
    "cache/repositories/debian/metadata.json",
    "cache/repositories/debian/newest-date",
    `cache/imageCache/${PROVIDER}/minimal/key/image.raw`,
    `workspace/${PROVIDER}/chrootbuild/chrootenv.tar.gz`,
    `${TARGET}/.records/base-tree.tar.zst`,
    `${TARGET}/.image.raw.0123456789ab`,
    `${TARGET}/image.raw`,
    "workspace/own-directory/file",
  ];
  const left = (): string[] => files.filter((file) => statSync(at(file), { throwIfNoEntry: false }) !== undefined);
  beforeEach(() => {
    for (const file of files) {
      mkdirSync(path.dirname(at(file)), { recursive: true });
      writeFileSync(at(file), "x".repeat(10_000));
    }
  });

  it("tells what is kept, of which kind and for whom", async () => {
    const { kept } = JSON.parse((await call("cache", "info", "--json")).stdout) as { kept: object[] };
    const row = (kind: string, providerId: string | null, fileCount: number) =>
      expect.objectContaining({ kind, providerId, fileCount }) as object;
    expect(kept).toEqual([
      row("packages", "debian-debian12-x86_64", 1),
      row("packages", PROVIDER, 1),
      row("metadata", null, 1),
      row("images", PROVIDER, 1),
      row("workspace", PROVIDER, 3),
    ]);
    expect((await call("cache", "info")).stdout).toMatch(/^workspace +debian-debian13-x86_64 +\d+ KiB +3 files$/m);
  });

  it.each<[string[], number[]]>([
    [["--packages"], [0, 1]],
    [["--packages", "--provider-id", PROVIDER], [0]],
    [["--metadata"], [2]],
    [["--images"], [4]],
    [["--workspace"], [5, 6, 7]],
    [["--all"], [0, 1, 2, 4, 5, 6, 7]],
  ])("clean %j removes that and nothing else", async (flags, removed) => {
    const dry = await call("cache", "clean", "--dry-run", ...flags);
    expect(left()).toEqual(files);
    const { exitCode, stdout } = await call("cache", "clean", ...flags);
    expect(exitCode).toBe(0);
    expect(left()).toEqual(files.filter((_, index) => !removed.includes(index)));
    const [paths, summary] = [stdout.split("\n").slice(0, -2), stdout.split("\n").at(-2)];
    expect(dry.stdout.split("\n").slice(0, -2)).toEqual(paths);
    expect(summary).toMatch(/^Freed \d+ KiB \(\d+ bytes\)$/);
    expect(Number(/\((\d+)/.exec(summary ?? "")?.[1])).toBeGreaterThanOrEqual(removed.length * 10_000);
  });

  it.each<[string[], RegExp]>([
    [[], /nothing is named/],
    [["--metadata", "--provider-id", PROVIDER], /providers share it/],
    [["--packages", "--provider-id", "debian-debian13-x86_65"], /Did you mean "debian-debian13-x86_64"/],
  ])("clean %j is refused", async (flags, words) => {
    const { exitCode, stderr } = await call("cache", "clean", ...flags);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(words);
    expect(left()).toEqual(files);
  });

  it("has nothing to say where nothing was built", async () => {
    rmSync(at("cache"), { recursive: true });
    rmSync(at("workspace"), { recursive: true });
    expect((await call("cache", "clean", "--all")).stdout).toBe("Freed 0 B (0 bytes)\n");
    expect((await call("cache", "info")).exitCode).toBe(0);
  });
});

describe("build", () => {
  const TEMPLATE = path.join(import.meta.dirname, "../../../image-templates/debian13-x86_64-minimal-raw.yml");

  it.each<[string[], RegExp]>([
    [["--stage", "compile"], /Allowed choices are validate, packages/],
    [["--skip-stage", "compile"], /Allowed choices are validate, packages/],
    [["--skip-stage", "compose"], /configuration, sign and finalize need it/],
    [["--timeout", "soon"], /a number with s, m or h/],
    [["--offline", "--no-cache"], /packages would come from nowhere/],
  ])("refuses %j before anything is started", async (flags, words) => {
    const { exitCode, stdout, stderr } = await call("build", TEMPLATE, ...flags);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(words);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("ends after validating without starting anything", async () => {
    const { exitCode, stdout } = await call("build", TEMPLATE, "--stage", "validate");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `Template "${TEMPLATE}" is valid\n` });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("refuses a list of stages that lacks one", async () => {
    writeFileSync(
      at("t.yml"),
      'image: { name: x, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\nbuild:\n  stages: [validate, compose]\n',
    );
    const { exitCode, stderr } = await call("build", "t.yml");
    expect(exitCode).toBe(2);
    expect(stderr).toContain('t.yml:4:22: build.stages[1]: stage "compose" needs "packages", which is not in the list');
  });
});

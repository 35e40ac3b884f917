import { existsSync } from "node:fs";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../src/host/index.ts";
import { filesBelow } from "./support/leftovers.ts";
import { makeDirectory, REPOSITORY, run } from "./support/workshop.ts";

const COMPOSER = path.join(REPOSITORY, "os-image-composer");
const PROVIDER = "debian-debian13-x86_64";
const BASE =
  'image: { name: control, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\n';
const TEMPLATES = {
  "a.yml": `${BASE}systemConfig: { name: control }\n`,
  "b.yml": `${BASE}systemConfig: { name: control, hostname: other }\n`,
  "fail.yml": `${BASE}systemConfig: { name: control, configurations: [{ cmd: "exit 7" }] }\n`,
  "hang.yml": `${BASE}systemConfig: { name: control, postInstallScripts: [{ inline: "#!/bin/sh\\nsleep 3000" }] }\n`,
  "keep.yml": "core: { cleanup_on_failure: false }\n",
};

describe("a build that is steered", () => {
  let directory: { path: string } & AsyncDisposable;
  const at = (...parts: string[]): string => path.join(directory.path, ...parts);
  /** How long a build takes from a base tree that is kept, by the last one. */
  let lengthMs = 16_000;
  const target = (...parts: string[]): string => at("workspace", PROVIDER, "imagebuild/control", ...parts);
  const compose = (...words: string[]) => run([COMPOSER, ...words], { cwd: directory.path, timeoutMs: 10 * 60_000 });
  const build = (...words: string[]) => compose("build", "--mirror", "debian=host", "--progress", "plain", ...words);
  const imageDigest = () => nodeFiles.sha256(target("control-1.raw"));

  beforeAll(async () => {
    directory = await makeDirectory("build-control-");
    for (const [name, text] of Object.entries(TEMPLATES)) await writeFile(at(name), text);
    const { exitCode, stderr } = await build("a.yml");
    expect(exitCode, stderr).toBe(0);
  });
  afterAll(async () => {
    await compose("cache", "clean", "--all");
    await directory[Symbol.asyncDispose]();
  });

  it("returns an image at once although another of the same name was built since", async () => {
    const first = await imageDigest();
    const manifest = await readFile(target("manifest.json"), "utf8");
    const startedMs = performance.now();
    const other = await build("b.yml");
    lengthMs = performance.now() - startedMs;
    expect(other.exitCode, other.stderr).toBe(0);
    expect(await imageDigest()).not.toBe(first);

    const again = await build("a.yml");
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).toContain("Reusing image");
    expect(again.stderr).not.toContain("[Configuration]");
    expect(await imageDigest()).toBe(first);
    expect(await readFile(target("manifest.json"), "utf8")).toBe(manifest);
    expect(await readdir(at("cache/imageCache", PROVIDER, "control"))).toHaveLength(2);
  });

  it("leaves out manifest and SBOM, and has them again next time", async () => {
    const without = await build("a.yml", "--skip-stage", "finalize");
    expect(without.stdout).toBe(`${target("control-1.raw")}\n`);
    expect(existsSync(target("manifest.json"))).toBe(false);
    const complete = await build("a.yml");
    expect(complete.stdout.split("\n")).toContain(target("manifest.json"));
    expect(existsSync(target("manifest.json"))).toBe(true);
  });

  it("ends after a stage with what there is by then", async () => {
    const { exitCode, stdout, stderr } = await build("a.yml", "--stage", "compose");
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('Build ended after the stage "compose"');
    const made = stdout.trim().split("\n");
    expect(made).toContain(target(".records/base-tree.tar.zst"));
    for (const file of made) expect(existsSync(file), file).toBe(true);
  });

  it("ends when its time is over, says where it was, and leaves nothing unfinished", async () => {
    const timeout = `${Math.max(1, Math.round(lengthMs / 2000))}s`;
    const { exitCode, stderr } = await build("b.yml", "--timeout", timeout, "--no-image-cache");
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toContain(`ERROR: Cannot finish the build within ${timeout}: it was in the stage "`);
    expect(stderr).toMatch(/it was in the stage "\w+", step "[\w-]+"/);
    expect(stderr).toContain("nothing unfinished was kept");
    const left = (await readdir(target())).filter((name) => name.startsWith("."));
    expect(left).toEqual([".lock", ".records"]);
  });

  it("says which step it was when a script never ends", async () => {
    const timeout = `${Math.max(20, Math.round(lengthMs / 500))}s`;
    const { exitCode, stderr } = await build("hang.yml", "--timeout", timeout);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`within ${timeout}: it was in the stage "configuration", step "configured-tree"`);
  });

  it("keeps the tree of a failed build when the configuration says so, until it is cleaned away", async () => {
    const { exitCode, stderr } = await build("fail.yml", "--config", "keep.yml");
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`hint: `);
    expect(stderr).toContain(`The root tree is kept in "${target(".trees/root")}"`);
    expect(existsSync(target(".trees/root/etc/os-release"))).toBe(true);

    const info = await compose("cache", "info");
    expect(info.stdout).toMatch(/^workspace +debian-debian13-x86_64 /m);
    const clean = await compose("cache", "clean", "--workspace");
    expect(clean.exitCode, clean.stderr).toBe(0);
    expect(clean.stdout.split("\n")).toContain(target(".trees"));
    expect(existsSync(target(".trees"))).toBe(false);
    expect(existsSync(target("control-1.raw"))).toBe(true);
  });

  it("uses and keeps nothing with --no-cache", async () => {
    const cached = async () =>
      Promise.all(
        filesBelow(at("cache"))
          .filter((file) => !file.endsWith(".dot"))
          .map(async (file) => [file, (await stat(at("cache", file))).mtimeMs]),
      );
    const before = await cached();
    const { exitCode, stderr } = await build("a.yml", "--no-cache", "--stage", "packages");
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain("Downloading packages");
    expect((await cached()).filter(([file]) => String(file).includes("."))).toEqual(
      before.filter(([file]) => String(file).includes(".")),
    );
    expect(existsSync(target(".fresh"))).toBe(false);
  });
});

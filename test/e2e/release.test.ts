import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../tools/bundle.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const TEMPLATE = "image-templates/debian13-x86_64-minimal-raw.yml";

describe("a release", () => {
  let directory: string;
  let release: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "release-"));
    release = path.join(directory, "release");
    await bundle(release);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** Runs the program of a directory from another one. */
  function call(program: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { status, stdout, stderr } = spawnSync(path.join(program, "os-image-composer"), words, {
      cwd: path.join(repository, "test/golden"),
      encoding: "utf8",
      timeout: 10 * 60_000,
      env: { PATH: process.env["PATH"], HOME: directory, ...env },
    });
    return { status, stdout, stderr };
  }

  it.each([
    ["version"],
    ["help"],
    ["help", "build"],
    ["validate", path.join(repository, TEMPLATE)],
    ["validate", "many-mistakes.yml"],
    ["validate", "no-such-file.yml"],
    ["resolve", path.join(repository, TEMPLATE)],
    ["doctor"],
    ["boot", "no-such-image.raw"],
    ["frobnicate"],
  ])("does what the sources do: %s %s", (...words) => {
    const fromSources = call(repository, words);
    expect(fromSources.status).not.toBeNull();
    expect(call(release, words)).toEqual(fromSources);
  });

  it("holds what a build reads besides the template", async () => {
    expect(await readFile(path.join(release, "lib/chroot/enter-root.sh"), "utf8")).toBe(
      await readFile(path.join(repository, "src/chroot/enter-root.sh"), "utf8"),
    );
    expect(await readdir(path.join(release, "config/osv"))).toEqual(await readdir(path.join(repository, "config/osv")));
  });

  it("keeps openpgp out of its own files, and names the licences of what is in them", async () => {
    const libraries = await readdir(path.join(release, "lib"));
    for (const file of libraries.filter((name) => name.endsWith(".js"))) {
      const text = await readFile(path.join(release, "lib", file), "utf8");
      expect(text, file).not.toContain("class PublicKeyPacket");
      expect(text, `${file} has typebox, which only makes the schemas`).not.toContain("typebox");
    }
    const openpgp = (await import(path.join(release, "node_modules/openpgp/dist/node/openpgp.mjs"))) as object;
    expect(openpgp).toHaveProperty("readKeys");
    const notices = await readFile(path.join(release, "THIRD-PARTY-NOTICES"), "utf8");
    const packages = [...notices.matchAll(/^(\S+) [\d.]+ \([A-Z]\S+\)/gm)].map(([, name]) => name);
    expect(packages).toEqual(["commander", "undici", "xz-decompress", "yaml", "openpgp"]);
  });

  it("writes compiled code to the cache directory of the user, and runs where it cannot", async () => {
    const cache = path.join(directory, "xdg-cache");
    await mkdir(cache);
    const home = path.join(directory, "home");
    await mkdir(home);
    expect(call(release, ["version"], { HOME: home, XDG_CACHE_HOME: cache }).status).toBe(0);
    expect(await readdir(cache)).toEqual(["os-image-composer"]);
    expect(await readdir(home)).toEqual([]);

    // Nobody, root included, can make a directory below /proc.
    const elsewhere = ["/proc", "/nonexistent", path.join(repository, "README.md")];
    for (const place of elsewhere) {
      expect(call(release, ["version"], { HOME: home, XDG_CACHE_HOME: place })).toMatchObject({
        status: 0,
        stderr: "",
      });
      expect(call(release, ["version"], { HOME: place })).toMatchObject({ status: 0, stderr: "" });
    }
    await chmod(home, 0o500);
    expect(call(release, ["version"], { HOME: home })).toMatchObject({ status: 0, stderr: "" });
  });

  it("makes indexes of packages in threads, from the sources' bytes", async () => {
    const template = path.join(directory, "system.yml");
    await copyFile(path.join(repository, TEMPLATE), template);
    const wordsIn = (name: string): string[] => {
      const places = ["--cache-dir", path.join(directory, name), "--work-dir", path.join(directory, `${name}-work`)];
      return ["lock", template, "--mirror", "debian=host", ...places];
    };
    const lockBy = async (program: string): Promise<string> => {
      const made = call(program, wordsIn(`cache-of-${path.basename(program)}`));
      expect(made, made.stderr).toMatchObject({ status: 0 });
      return readFile(path.join(directory, "system.lock.json"), "utf8");
    };
    const first = await lockBy(release);
    const bySources = await lockBy(repository);
    // The archive is updated several times a day: that may have been between the two.
    expect(first === bySources ? first : await lockBy(release)).toBe(bySources);
    // Without them it is a bug: a thread has no module to begin with.
    await rename(path.join(release, "lib/cli/thread-main.js"), path.join(release, "lib/cli/elsewhere.js"));
    expect(call(release, wordsIn("another-cache")).status).not.toBe(0);
  });
});

import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFiles, readEnvironment } from "../../host/index.ts";
import { type SettingsFlags, loadSettings } from "./settings.ts";

describe("loadSettings()", () => {
  let home = "";
  let directory = "";
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), "settings-"));
    directory = path.join(home, "project");
    await mkdir(path.join(home, ".config/os-image-composer"), { recursive: true });
    await mkdir(directory);
  });
  afterEach(async () => nodeFiles.remove(home));

  const load = async (flags: SettingsFlags = {}) => {
    const environment = { ...readEnvironment(), workingDirectory: directory, homeDirectory: home };
    return loadSettings({ files: nodeFiles, environment }, flags, "/shipped/config");
  };

  it("has a value for everything when there is no file", async () => {
    expect(await load()).toEqual({
      workers: 8,
      cacheDir: path.join(directory, "cache"),
      workDir: path.join(directory, "workspace"),
      tempDir: path.join(directory, "tmp"),
      configDir: "/shipped/config",
      logging: { level: "info" },
      mirrors: {},
      treeStorage: "auto",
    });
  });

  it("takes paths of a file relative to it, and those of flags relative to the working directory", async () => {
    const file = path.join(home, ".config/os-image-composer/config.yml");
    await writeFile(
      file,
      "cache_dir: ../c\nwork_dir: ~/w\ntemp_dir: /t\nlogging: { file: l }\nmirrors: { debian: { url: host, keys: [k.asc] } }\n",
    );
    const settings = await load({ workDir: "w2", logFile: "l2" });
    expect(settings).toMatchObject({
      cacheDir: path.join(home, ".config/c"),
      workDir: path.join(directory, "w2"),
      tempDir: "/t",
      logging: { file: path.join(directory, "l2") },
      mirrors: { debian: { url: "host", keys: [path.join(home, ".config/os-image-composer/k.asc")] } },
      file,
    });
    expect((await load()).workDir).toBe(path.join(home, "w"));
  });

  it("prefers --config, then the working directory, then the home directory", async () => {
    await writeFile(path.join(home, ".config/os-image-composer/config.yml"), "workers: 1");
    expect((await load()).workers).toBe(1);
    await writeFile(path.join(directory, ".os-image-composer.yml"), "workers: 2");
    expect((await load()).workers).toBe(2);
    await writeFile(path.join(directory, "os-image-composer.yml"), "workers: 3");
    expect((await load()).workers).toBe(3);
    await writeFile(path.join(directory, "own.yml"), "# nothing\n");
    expect((await load({ config: "own.yml" })).workers).toBe(8);
    expect((await load({ workers: 5 })).workers).toBe(5);
  });

  it.each([
    ["wrokers: 4", 1, 1, /did you mean "workers"/],
    ["workers: many", 1, 10, /found the text "many"; expected a whole number from 1 to 256/],
    ["workers: 0", 1, 10, /out of range/],
    ["logging:\n  level: verbose", 2, 10, /one of debug, info, warn, error/],
    ["mirrors:\n  debian: http://x", 2, 11, /expected a mapping/],
    ["mirrors:\n  debian: { url: 'ftp://x' }", 2, 18, /http:\/\//],
    ["a: [", 1, 5, /not closed|no valid YAML/],
    ["- a", 1, 1, /found a list/],
  ])("refuses %j at %i:%i", async (text, line, column, words) => {
    await writeFile(path.join(directory, "os-image-composer.yml"), text);
    await expect(load()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      position: { file: "os-image-composer.yml", line, column },
      details: expect.arrayContaining([expect.stringMatching(words)]) as string[],
    });
  });

  it("refuses a --config that is not there", async () => {
    await expect(load({ config: "none.yml" })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

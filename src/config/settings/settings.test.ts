import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFiles, readEnvironment } from "../../host/index.ts";
import { type SettingsFlags, explainSettings, loadSettings } from "./settings.ts";

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
      maxConcurrentBuilds: 4,
      cleanupOnFailure: true,
      packageCache: { enabled: true, maxSizeBytes: 10e9, retentionDays: 30 },
      imageCache: { enabled: true, maxCount: 5 },
    });
  });

  it("takes the older shape, and both mixed", async () => {
    const older = [
      "core: { cache_dir: c, work_dir: w, max_concurrent_builds: 2, cleanup_on_failure: false }",
      "storage:",
      "  package_cache: { enabled: false, max_size_gb: 0.5, retention_days: 3 }",
      "  image_cache: { enabled: false, max_count: 7 }",
      "workers: 3",
    ];
    await writeFile(path.join(directory, "os-image-composer.yml"), older.join("\n"));
    expect(await load()).toMatchObject({
      workers: 3,
      cacheDir: path.join(directory, "c"),
      workDir: path.join(directory, "w"),
      maxConcurrentBuilds: 2,
      cleanupOnFailure: false,
      packageCache: { enabled: false, maxSizeBytes: 5e8, retentionDays: 3 },
      imageCache: { enabled: false, maxCount: 7 },
    });
  });

  it("refuses a file that says one thing under two names, and names both places", async () => {
    await writeFile(path.join(directory, "os-image-composer.yml"), "cache_dir: a\ncore:\n  cache_dir: b\n");
    await expect(load()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      position: { file: "os-image-composer.yml", line: 3, column: 3 },
      details: expect.arrayContaining([
        'os-image-composer.yml:3:3: core.cache_dir: says what "cache_dir" in os-image-composer.yml:1:1 says, too',
      ]) as string[],
    });
  });

  it("refuses to keep trees that are made in memory", async () => {
    const text = "tree_storage: tmpfs\ncore:\n  cleanup_on_failure: false\n";
    await writeFile(path.join(directory, "os-image-composer.yml"), text);
    await expect(load()).rejects.toMatchObject({ code: "CONFIG_INVALID", position: { line: 3, column: 3 } });
  });

  it("takes --parallel for --workers, but not both", async () => {
    expect((await load({ parallel: 2 })).workers).toBe(2);
    await expect(load({ parallel: 2, workers: 2 })).rejects.toMatchObject({ code: "USAGE" });
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
    await mkdir(path.join(home, ".os-image-composer"));
    const lowestFirst = [
      path.join(home, ".config/os-image-composer/config.yaml"),
      path.join(home, ".config/os-image-composer/config.yml"),
      path.join(home, ".os-image-composer/config.yaml"),
      path.join(home, ".os-image-composer/config.yml"),
      path.join(directory, ".os-image-composer.yaml"),
      path.join(directory, "os-image-composer.yaml"),
      path.join(directory, ".os-image-composer.yml"),
      path.join(directory, "os-image-composer.yml"),
    ];
    for (const [index, file] of lowestFirst.entries()) {
      await writeFile(file, `workers: ${index + 1}`);
      expect((await load()).workers).toBe(index + 1);
    }
    await writeFile(path.join(directory, "own.yml"), "# nothing\n");
    expect((await load({ config: "own.yml" })).workers).toBe(8);
    expect((await load({ workers: 5 })).workers).toBe(5);
  });

  it.each([
    ["wrokers: 4", 1, 1, /did you mean "workers"/],
    ["workers: many", 1, 10, /found the text "many"; expected a whole number from 1 to 256/],
    ["workers: 0", 1, 10, /out of range/],
    ["logging:\n  level: verbose", 2, 10, /one of debug, info, warn, error/],
    ["core:\n  max_concurent_builds: 1", 2, 3, /did you mean "max_concurrent_builds"/],
    ["storage:\n  image_cache:\n    max_count: 0", 3, 16, /out of range/],
    ["storage:\n  package_cache:\n    enabled: yes", 3, 14, /true or false/],
    ["mirrors:\n  debian: http://x", 2, 11, /expected a mapping/],
    ["mirrors:\n  debian: { url: 'ftp://x' }", 2, 18, /http:\/\//],
    ["mirrors:\n  baseos: { url: 'mirror+ftp://x' }", 2, 18, /mirror\+/],
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

describe("explainSettings()", () => {
  it("names the flag, the place in the file or that a value is built in", async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "explain-"));
    try {
      await writeFile(path.join(directory, "c.yml"), "core:\n  work_dir: w\nlogging: { level: warn }\n");
      const environment = { ...readEnvironment(), workingDirectory: directory, homeDirectory: directory };
      const flags = { config: "c.yml", parallel: 2, logLevel: "debug" } as const;
      const explained = await explainSettings({ files: nodeFiles, environment }, flags, "/shipped");
      const origin = (key: string) => explained.entries.find((entry) => entry.key === key)?.origin;
      expect(origin("workers")).toEqual({ kind: "flag", flag: "--parallel" });
      expect(origin("work_dir")).toEqual({ kind: "file", file: "c.yml", line: 2, column: 3 });
      expect(origin("logging.level")).toEqual({ kind: "flag", flag: "--log-level" });
      expect(origin("core.max_concurrent_builds")).toEqual({ kind: "built-in" });
      expect(explained).toMatchObject({ file: path.join(directory, "c.yml"), searched: ["c.yml"] });
    } finally {
      await nodeFiles.remove(directory);
    }
  });
});

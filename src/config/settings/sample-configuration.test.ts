import { mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { nodeFiles, readEnvironment } from "../../host/index.ts";
import configurationSchema from "../../../schema/os-image-composer.schema.json" with { type: "json" };
import { sampleConfiguration } from "./sample-configuration.ts";
import { loadSettings } from "./settings.ts";

describe("sampleConfiguration()", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "sample-"));
  });
  afterEach(async () => nodeFiles.remove(directory));

  const load = async (text: string) => {
    await writeFile(path.join(directory, "os-image-composer.yml"), text);
    const environment = { ...readEnvironment(), workingDirectory: directory, homeDirectory: directory };
    return loadSettings({ files: nodeFiles, environment }, {}, "/shipped");
  };
  /** Every setting as if its # had been removed. */
  const uncommented = (): string => sampleConfiguration().replaceAll(/^#(?! \S|$)/gm, "");

  it("changes nothing as it is", async () => {
    const asWritten = await load(sampleConfiguration());
    expect(asWritten).toEqual({ ...(await load("")), file: asWritten.file });
  });

  it("has the built-in value behind every #", async () => {
    const { mirrors, outputDir, logging, configDir, ...settings } = await load(uncommented());
    expect(await load("")).toMatchObject(settings);
    expect({ mirrors, outputDir, logging, configDir }).toEqual({
      mirrors: { debian: { url: "http://mirror.example.com/debian" } },
      outputDir: path.join(directory, "images"),
      logging: { level: "info", file: path.join(directory, "build.log") },
      configDir: path.join(directory, "config"),
    });
  });

  it("names every key but the older names of others", () => {
    const keysOf = (schema: object, prefix = ""): string[] =>
      "properties" in schema
        ? Object.entries(schema.properties as object).flatMap(([key, one]) => keysOf(one as object, `${prefix}.${key}`))
        : [prefix.slice(1)];
    const value = parse(uncommented()) as Record<string, unknown>;
    const missing = keysOf(configurationSchema).filter(
      (key) => key.split(".").reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], value) === undefined,
    );
    expect(missing).toEqual(["core.cache_dir", "core.work_dir"]);
  });
});

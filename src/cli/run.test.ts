import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles, readEnvironment } from "../host/index.ts";
import { systemHost } from "./system-host.ts";
import { run } from "./run.ts";

const root = path.join(import.meta.dirname, "../..");

async function call(words: readonly string[], workingDirectory = root, variables: Record<string, string> = {}) {
  let stdout = "";
  let stderr = "";
  const host = {
    ...systemHost(),
    environment: { ...readEnvironment(), workingDirectory, homeDirectory: "/nowhere", variables },
  };
  const exitCode = await run(host, words, {
    writeOut: (text) => (stdout += text),
    writeError: (text) => (stderr += text),
  });
  return { exitCode, stdout, stderr };
}

const TEMPLATE = "image-templates/debian13-x86_64-minimal-raw.yml";

describe("validate", () => {
  it("explains every mistake of a template at once", async () => {
    const { exitCode, stdout, stderr } = await call(["validate", "many-mistakes.yml"], path.join(root, "test/golden"));
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toBe(await readFile(path.join(root, "test/golden/many-mistakes.stderr.txt"), "utf8"));
  });

  it("says what a valid template makes", async () => {
    expect(await call(["validate", TEMPLATE])).toEqual({
      exitCode: 0,
      stdout: `Template "${TEMPLATE}" is valid: debian13-minimal 1.0.0, raw for debian/debian13 on x86_64\n`,
      stderr: "",
    });
  });
});

describe("resolve", () => {
  it("prints the merged template without secrets", async () => {
    const { stdout, exitCode } = await call(["resolve", TEMPLATE], root, { OIC_ADMIN_PASSWORD: "geheim" });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("password: <redacted>");
    expect(stdout).not.toContain("geheim");
  });

  it("prints a template that resolves to itself", async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "resolve-"));
    try {
      const first = await call(["resolve", TEMPLATE]);
      await writeFile(path.join(directory, "merged.yml"), first.stdout);
      expect(await call(["resolve", path.join(directory, "merged.yml")])).toEqual(first);
    } finally {
      await nodeFiles.remove(directory);
    }
  });
});

describe("the command line", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "cli-"));
  });
  afterAll(async () => nodeFiles.remove(directory));

  it.each([
    [["validat", "x"], /unknown command "validat"/, /Did you mean validate/],
    [["validate"], /missing required argument "template"/, /help/],
    [["validate", "x", "y"], /too many arguments/, /help/],
    [["validate", "--mergd", "x"], /unknown option "--mergd"/, /Did you mean --merged/],
    [["validate", "x", "--workers", "0"], /--workers.*whole number from 1 to 256/, /help/],
    [["validate", "x", "--log-level", "loud"], /--log-level.*debug, info, warn, error/, /help/],
  ])("refuses %j with exit code 2", async (words, message, hint) => {
    const { exitCode, stdout, stderr } = await call(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    const [first = "", second = ""] = stderr.split("\n");
    expect(first).toMatch(/^ERROR: Cannot read the command line: /);
    expect(first).toMatch(message);
    expect(second).toMatch(/^hint: /);
    expect(second).toMatch(hint);
  });

  it.each([[["--help"]], [["help"]], [["validate", "--help"]], [["help", "resolve"]]])(
    "answers %j on standard output",
    async (words) => {
      const { exitCode, stdout, stderr } = await call(words);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toMatch(/^Usage: os-image-composer/);
    },
  );

  it("shows its help as an error when it is called without a command", async () => {
    const { exitCode, stderr } = await call([]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/validate/);
  });

  it("takes global flags before and after the command", async () => {
    await writeFile(path.join(directory, "c.yml"), "wrokers: 1\n");
    for (const words of [
      ["--config", "c.yml", "validate", "x.yml"],
      ["validate", "x.yml", "--config", "c.yml"],
    ]) {
      const { exitCode, stderr } = await call(words, directory);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('c.yml:1:1: unknown key "wrokers"; did you mean "workers"?');
    }
  });

  it("prints its version", async () => {
    expect((await call(["version"])).stdout).toMatch(/^os-image-composer \d+\.\d+\.\d+\n$/);
  });
});

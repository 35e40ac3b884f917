import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFiles, readEnvironment } from "../../host/index.ts";
import { IssuesError } from "../document/index.ts";
import { loadTemplate } from "./load-template.ts";

const configDir = path.join(import.meta.dirname, "../../../config");
const HEAD = 'image: { name: a, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\n';

describe("templates that extend others", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "extends-"));
    await mkdir(path.join(directory, "in/base"), { recursive: true });
  });
  afterEach(async () => nodeFiles.remove(directory));

  const write = (name: string, text: string) => writeFile(path.join(directory, "in", name), text);
  const load = (file: string) => {
    const workingDirectory = path.join(directory, "in");
    const environment = { ...readEnvironment(), workingDirectory, variables: {} };
    return loadTemplate({ files: nodeFiles, environment }, file, { configDir });
  };
  const mistakesOf = async (file: string): Promise<readonly string[]> => {
    try {
      await load(file);
    } catch (error) {
      if (!(error instanceof IssuesError)) throw error;
      return error.issues.map(
        ({ position, message }) => `${position?.file}:${position?.line}:${position?.column} ${message}`,
      );
    }
    throw new Error(`"${file}" was accepted`);
  };

  it("lie over their parents, the nearest on top", async () => {
    await write("base/a.yml", `${HEAD}systemConfig: { hostname: from-a, timezone: UTC, packages: [a] }\n`);
    await write("base/b.yml", `${HEAD}extends: a.yml\nsystemConfig: { hostname: from-b, packages: [b] }\n`);
    await write("c.yml", `${HEAD}extends: base/b.yml\nsystemConfig: { packages: [c] }\n`);
    const { template, files, positionOf } = await load("c.yml");
    expect(files.slice(1)).toEqual(["base/a.yml", "base/b.yml", "c.yml"]);
    expect(template).not.toHaveProperty("extends");
    expect(template.systemConfig).toMatchObject({ hostname: "from-b", timezone: "UTC" });
    expect(template.systemConfig?.packages?.slice(-3)).toEqual(["a", "b", "c"]);
    expect(positionOf("systemConfig.hostname")).toEqual({ file: "base/b.yml", line: 4, column: 27 });
  });

  it("find files beside the parent that names them, and substitute each file's own variables", async () => {
    await write("base/motd", "hello\n");
    await write(
      "base/a.yml",
      `${HEAD}variables: { NAME: from-parent }\nsystemConfig:\n  hostname: "\${NAME}"\n  additionalFiles: [{ local: motd, final: /etc/motd }]\n`,
    );
    await write("c.yml", `${HEAD}extends: base/a.yml\n`);
    const { template, localFile } = await load("c.yml");
    expect(localFile("systemConfig.additionalFiles[0].local")).toBe(path.join(directory, "in/base/motd"));
    expect(template.systemConfig?.hostname).toBe("from-parent");
  });

  it("must not extend themselves", async () => {
    await write("a.yml", `${HEAD}extends: b.yml\n`);
    await write("b.yml", `${HEAD}extends: ./a.yml\n`);
    expect(await mistakesOf("a.yml")).toEqual(["b.yml:3:10 a template extends itself: a.yml -> b.yml -> a.yml"]);
    await write("self.yml", `${HEAD}extends: self.yml\n`);
    expect(await mistakesOf("self.yml")).toEqual(["self.yml:3:10 a template extends itself: self.yml -> self.yml"]);
  });

  it("must not leave their directory, by name or by link", async () => {
    await writeFile(path.join(directory, "out.yml"), HEAD);
    await symlink("../out.yml", path.join(directory, "in/link.yml"));
    await write("a.yml", `${HEAD}extends: ../out.yml\n`);
    await write("b.yml", `${HEAD}extends: link.yml\n`);
    await write("c.yml", `${HEAD}extends: ${path.join(directory, "out.yml")}\n`);
    expect(await mistakesOf("a.yml")).toEqual(['a.yml:3:10 "../out.yml" is outside of the template\'s directory']);
    expect(await mistakesOf("b.yml")).toEqual([
      'b.yml:3:10 "link.yml" is a link that leads out of the template\'s directory',
    ]);
    expect(await mistakesOf("c.yml")).toHaveLength(1);
  });

  it("must extend something that exists", async () => {
    await write("base/server.yml", HEAD);
    await write("a.yml", `${HEAD}extends: base/sever.yml\n`);
    await expect(load("a.yml")).rejects.toMatchObject({
      issues: [{ message: 'template "base/sever.yml" does not exist', hint: 'Did you mean "base/server.yml"?' }],
    });
    await write("b.yml", `${HEAD}extends: base\n`);
    expect(await mistakesOf("b.yml")).toEqual(['b.yml:3:10 "base" is no file']);
  });

  it("must be for the same target", async () => {
    await write("base/a.yml", HEAD.replace("x86_64", "aarch64"));
    await write("a.yml", `${HEAD}extends: base/a.yml\n`);
    expect(await mistakesOf("a.yml")).toEqual([
      'a.yml:3:10 "base/a.yml" is for another target: arch "aarch64" instead of "x86_64"',
    ]);
  });

  it("must not be stacked too high", async () => {
    for (let level = 1; level < 12; level += 1) await write(`${level}.yml`, `${HEAD}extends: ${level + 1}.yml\n`);
    await write("12.yml", HEAD);
    expect((await load("9.yml")).warnings).toEqual([]);
    expect((await load("8.yml")).warnings).toMatchObject([{ path: "extends", position: { file: "8.yml" } }]);
    expect(await mistakesOf("1.yml")).toEqual(["10.yml:3:10 more than 10 templates over each other"]);
  });

  it("show the mistakes of all files at once, each in its own file", async () => {
    await write("base/a.yml", `${HEAD}systemConfig: { hostnam: x }\n`);
    await write("a.yml", `${HEAD}extends: base/a.yml\ndisk: { size: 4 GiB }\n`);
    expect((await mistakesOf("a.yml")).map((line) => line.split(" ")[0])).toEqual(["a.yml:4:15", "base/a.yml:3:17"]);
  });
});

describe("mistakes of several kinds", () => {
  it("are shown in one run: schema, meaning and files", async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "kinds-"));
    try {
      const system =
        'systemConfig:\n  hostname: "a..b"\n  timezone: 5\n  additionalFiles: [{ local: none, final: /x }]\n';
      await writeFile(path.join(directory, "t.yml"), `${HEAD}${system}dsk: {}\n`);
      const environment = { ...readEnvironment(), workingDirectory: directory, variables: {} };
      await expect(loadTemplate({ files: nodeFiles, environment }, "t.yml", { configDir })).rejects.toMatchObject({
        issues: [
          { path: "systemConfig.hostname" },
          { path: "systemConfig.timezone" },
          { path: "systemConfig.additionalFiles[0].local" },
          { path: "dsk" },
        ],
      });
    } finally {
      await nodeFiles.remove(directory);
    }
  });
});

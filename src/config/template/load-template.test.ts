import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isComposerError } from "../../core/index.ts";
import { nodeFiles, readEnvironment } from "../../host/index.ts";
import { IssuesError } from "../document/index.ts";
import { type LoadTemplateOptions, loadTemplate, requireSupported } from "./load-template.ts";

const root = path.join(import.meta.dirname, "../../..");
const configDir = path.join(root, "config");

function hostIn(workingDirectory: string, variables: Record<string, string> = {}) {
  return { files: nodeFiles, environment: { ...readEnvironment(), workingDirectory, variables } };
}

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  try {
    await action;
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("loadTemplate()", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "load-template-"));
  });
  afterAll(async () => nodeFiles.remove(directory));

  const HEAD =
    'image: { name: edge, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\n';
  const load = async (
    text: string,
    options: Partial<LoadTemplateOptions> = {},
    variables: Record<string, string> = {},
  ) => {
    await writeFile(path.join(directory, "t.yml"), text);
    return loadTemplate(hostIn(directory, variables), "t.yml", { configDir, ...options });
  };

  it("completes a template of image and target from the defaults", async () => {
    const { template, positionOf, files } = await load(HEAD);
    expect(template.image).toEqual({ name: "edge", version: "1" });
    expect(template.disk?.partitions?.map(({ id }) => id)).toEqual(["boot", "rootfs"]);
    expect(template.systemConfig?.kernel?.packages).toEqual(["linux-image-amd64"]);
    expect(files.map((file) => path.basename(file))).toEqual(["default-raw-x86_64.yml", "t.yml"]);
    expect(positionOf("image.name")).toEqual({ file: "t.yml", line: 1, column: 16 });
    expect(positionOf("disk.size")?.file).toMatch(/default-raw-x86_64\.yml$/);
  });

  it("keeps the default partitions under a disk that gives only its size", async () => {
    const { template, positionOf } = await load(`${HEAD}disk:\n  size: 8GiB\n`);
    expect(template.disk).toMatchObject({ size: "8GiB", partitionTableType: "gpt" });
    expect(template.disk?.partitions).toHaveLength(2);
    expect(positionOf("disk.size")).toEqual({ file: "t.yml", line: 4, column: 9 });
    expect(positionOf("disk.partitions[0].start")?.file).toMatch(/default-raw-x86_64\.yml$/);
  });

  it("places findings of other checks in the file that the value came from", async () => {
    const checks = [
      () => [
        { path: "disk.size", message: "is odd" },
        { path: "image.name", message: "is taken" },
      ],
    ];
    const error = await failureOf(load(HEAD, { checks }));
    if (!(error instanceof IssuesError)) throw new Error("the template was accepted", { cause: error });
    expect(error.issues.map(({ position }) => path.basename(position?.file ?? ""))).toEqual([
      "default-raw-x86_64.yml",
      "t.yml",
    ]);
    expect(error.message).toBe('Cannot use template "t.yml": 2 errors found');
    expect(error.code).toBe("TEMPLATE_INVALID");
  });

  it("takes the password and key of a variable, and shows neither in a code frame", async () => {
    const users =
      "systemConfig:\n  users:\n    - name: a\n      password: ${PW}\n      sshAuthorizedKeys: ['${KEY}']\n";
    const text = `${HEAD}variables: { PW: "", KEY: "" }\n${users}`;
    const { template } = await load(text, {}, { PW: "geheim" });
    expect(template.systemConfig?.users).toEqual([{ name: "a", password: "geheim", sshAuthorizedKeys: [] }]);
    const error = await failureOf(load(`${HEAD}systemConfig:\n  users:\n    - password: geheim\n      nmae: b\n`));
    if (!(error instanceof IssuesError)) throw new Error("the template was accepted", { cause: error });
    expect(error.details.join("\n")).toContain("password: ******");
    expect(error.details.join("\n")).not.toContain("geheim");
  });

  it("finds files beside the template that names them", async () => {
    await mkdir(path.join(directory, "sub"), { recursive: true });
    await writeFile(path.join(directory, "sub/motd"), "hello\n");
    const text = `${HEAD}systemConfig:\n  additionalFiles:\n    - { local: motd, final: /etc/motd }\n`;
    await writeFile(path.join(directory, "sub/t.yml"), text);
    const merged = await loadTemplate(hostIn(directory), "sub/t.yml", { configDir });
    expect(merged.localFile("systemConfig.additionalFiles[0].local")).toBe(path.join(directory, "sub/motd"));
  });

  it.each([
    ["imageType: raw", "imageType: iso", "target.imageType"],
    ["os: debian, dist: debian13", "os: ubuntu, dist: ubuntu24", "target.dist"],
    ["imageType: raw }", "imageType: raw }\ndisk: { artifacts: [{ type: qcow2 }] }", "disk.artifacts[0].type"],
  ])("accepts %s → %s, but not for a build", async (from, to, at) => {
    const merged = await load(HEAD.replace(from, to));
    expect(merged.unsupported.map((issue) => issue.path)).toContain(at);
    expect(() => requireSupported(merged)).toThrow(expect.objectContaining({ code: "TEMPLATE_UNSUPPORTED" }));
  });

  it("lists the default templates that there are when the target's own is missing", async () => {
    const own = path.join(directory, "config");
    await mkdir(path.join(own, "osv/debian/debian13/imageconfigs/defaultconfigs"), { recursive: true });
    await writeFile(path.join(own, "osv/debian/debian13/imageconfigs/defaultconfigs/default-raw-aarch64.yml"), HEAD);
    await writeFile(path.join(own, "osv/debian/debian13/config.yml"), "");
    const error = await failureOf(load(HEAD, { configDir: own }));
    expect(error).toMatchObject({ code: "PROVIDER_UNKNOWN", issues: [{ hint: "It has default-raw-aarch64.yml" }] });
  });

  it("takes the defaults of a target that has no provider data, and says that it cannot be built", async () => {
    const own = path.join(directory, "without-provider");
    const defaults = path.join(own, "osv/azure-linux/azl3/imageconfigs/defaultconfigs");
    await mkdir(defaults, { recursive: true });
    const text = HEAD.replace("debian, dist: debian13", "azure-linux, dist: azl3");
    await writeFile(path.join(defaults, "default-raw-x86_64.yml"), `${text}disk: { size: 5GiB }\n`);
    const merged = await load(text, { configDir: own });
    expect(merged).toMatchObject({ unsupported: [{ code: "TEMPLATE_UNSUPPORTED", path: "target.dist" }] });
  });

  it("refuses a mistake in a default template, in its own file", async () => {
    const own = path.join(directory, "broken");
    await mkdir(path.join(own, "osv/debian/debian13/imageconfigs/defaultconfigs"), { recursive: true });
    const file = path.join(own, "osv/debian/debian13/imageconfigs/defaultconfigs/default-raw-x86_64.yml");
    await writeFile(file, `${HEAD}dsk: {}\n`);
    const error = await failureOf(load(HEAD, { configDir: own }));
    expect(error).toMatchObject({ code: "TEMPLATE_INVALID", position: { line: 3, column: 1 } });
  });

  it("suggests the file that was meant", async () => {
    await load(HEAD);
    const error = await failureOf(loadTemplate(hostIn(directory), "tt.yml", { configDir }));
    expect(isComposerError(error, "TEMPLATE_NOT_FOUND")).toBe(true);
    expect(error).toMatchObject({ hint: 'Did you mean "t.yml"?' });
    expect(await failureOf(loadTemplate(hostIn(directory), "sub", { configDir }))).toMatchObject({
      code: "TEMPLATE_NOT_FOUND",
      message: expect.stringMatching(/directory/) as string,
    });
  });

  it.each([
    ["not UTF-8", Buffer.from([0x61, 0x3a, 0xff]), /not UTF-8/],
    ["too large", Buffer.alloc(2 ** 20 + 1, "#"), /larger than 1 MiB/],
  ])("refuses a file that is %s", async (_, content, message) => {
    await writeFile(path.join(directory, "odd.yml"), content);
    const error = await failureOf(loadTemplate(hostIn(directory), "odd.yml", { configDir }));
    expect(error).toMatchObject({ code: "TEMPLATE_SYNTAX", message: expect.stringMatching(message) as string });
  });
});

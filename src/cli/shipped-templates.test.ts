import { mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MergedTemplate, loadSettings } from "../config/index.ts";
import { nodeFiles, readEnvironment } from "../host/index.ts";
import { systemHost } from "./system-host.ts";
import type { CliContext } from "./context.ts";
import { formatTemplate } from "./format-template.ts";
import { loadCheckedTemplate } from "./load-checked-template.ts";

/*
 * Every shipped template and every default of a target: valid, with known findings, and equal to its kept merged form.
 * After a change that is meant: npx vitest run --project unit src/cli/shipped-templates.test.ts -u
 */

const root = path.join(import.meta.dirname, "../..");
const golden = path.join(root, "test/golden");
const ENDING = ".merged.yml";

const TYPE = "target.imageType";
const GRUB = "systemConfig.bootloader.provider";
const IMMUTABLE = "systemConfig.immutability.enabled";

/** What `build` refuses today, by the fields that it names; the same for both architectures. */
const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  "azl3-initrd": [TYPE],
  "azl3-iso": [TYPE, GRUB],
  "azl3-raw": [],
  "debian12-initrd": [TYPE],
  "debian12-iso": [TYPE, GRUB],
  "debian12-raw": [],
  "debian13-initrd": [TYPE],
  "debian13-iso": [TYPE, GRUB],
  "debian13-raw": [],
  "el10-raw": [],
  "elxr12-initrd": [TYPE],
  "elxr12-iso": [TYPE, GRUB],
  "elxr12-raw": [IMMUTABLE],
  "emt3-initrd": [TYPE],
  "emt3-iso": [TYPE, GRUB],
  "emt3-raw": [IMMUTABLE],
};

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  "azl3-aarch64-edge-raw": [],
  "azl3-x86_64-immutable-raw": [IMMUTABLE],
  "azl3-x86_64-minimal-iso": [TYPE, GRUB],
  "azl3-x86_64-minimal-raw": [],
  "debian12-aarch64-minimal-raw": [],
  "debian12-x86_64-cloud-raw": [],
  "debian12-x86_64-minimal-raw": [],
  "debian13-aarch64-cloud-raw": [],
  "debian13-aarch64-edge-raw": [],
  "debian13-aarch64-minimal-raw": [],
  "debian13-x86_64-cloud-raw": [],
  "debian13-x86_64-edge-raw": [],
  "debian13-x86_64-immutable-raw": [IMMUTABLE],
  "debian13-x86_64-minimal-initrd": [TYPE],
  "debian13-x86_64-minimal-iso": [TYPE, GRUB],
  "debian13-x86_64-minimal-raw": [],
  "elxr12-aarch64-cloud-raw": [],
  "elxr12-x86_64-edge-raw": [IMMUTABLE],
  "elxr12-x86_64-minimal-iso": [TYPE, GRUB],
  "elxr12-x86_64-minimal-raw": [],
  "emt3-x86_64-edge-raw": [IMMUTABLE],
  "emt3-x86_64-minimal-initrd": [TYPE],
  "emt3-x86_64-minimal-iso": [TYPE, GRUB],
  "emt3-x86_64-minimal-raw": [],
};

const OPERATING_SYSTEM: Readonly<Record<string, string>> = {
  azl3: "azure-linux",
  debian12: "debian",
  debian13: "debian",
  el10: "redhat-compatible-distro",
  elxr12: "wind-river-elxr",
  emt3: "edge-microvisor-toolkit",
};

const defaults = Object.keys(DEFAULTS).flatMap((key) => {
  const [dist = "", type = ""] = key.split("-");
  return ["x86_64", "aarch64"].map((arch) => ({ key, dist, type, arch, name: `${dist}-default-${type}-${arch}` }));
});
const keptForms = (await readdir(golden)).filter((name) => name.endsWith(ENDING));

async function load(file: string): Promise<MergedTemplate> {
  const host = {
    ...systemHost(),
    environment: { ...readEnvironment(), workingDirectory: root, homeDirectory: "/nowhere", variables: {} },
  };
  const context: CliContext = {
    host,
    print: () => undefined,
    printError: () => undefined,
    setExitCode: () => undefined,
    flags: () => ({}),
    settings: () => loadSettings(host, {}, path.join(root, "config")),
  };
  return loadCheckedTemplate(context, file);
}

async function expectKnownForm(merged: MergedTemplate, name: string, refused: readonly string[]): Promise<void> {
  expect(merged.warnings).toEqual([]);
  expect(merged.unsupported.map((issue) => issue.path).sort()).toEqual([...refused].sort());
  await expect(formatTemplate(merged.template)).toMatchFileSnapshot(path.join(golden, `${name}${ENDING}`));
}

describe("merged forms", () => {
  it("are kept of every template and every default, and of nothing else", () => {
    const names = [...Object.keys(TEMPLATES), ...defaults.map(({ name }) => name)];
    expect(keptForms).toEqual(names.map((name) => `${name}${ENDING}`).sort());
  });
});

describe("shipped templates", async () => {
  const files = (await readdir(path.join(root, "image-templates"))).filter((name) => name.endsWith(".yml"));

  it("are those of the table", () => {
    expect(files.map((file) => path.basename(file, ".yml")).sort()).toEqual(Object.keys(TEMPLATES).sort());
  });

  it.each(Object.entries(TEMPLATES))("%s has its kept merged form", async (name, refused) => {
    await expectKnownForm(await load(`image-templates/${name}.yml`), name, refused);
  });

  it.each(Object.keys(TEMPLATES))("%s is what its name says, and presets no login", async (name) => {
    const [dist = "", arch, purpose = "", type] = name.split("-");
    const { template } = await load(`image-templates/${name}.yml`);
    const { image, target, systemConfig } = template;
    expect(target).toEqual({ os: OPERATING_SYSTEM[dist], dist, arch, imageType: type === "initrd" ? "img" : type });
    expect([image.name, systemConfig?.name]).toEqual([`${dist}-${purpose}`, purpose]);
    for (const user of systemConfig?.users ?? []) expect(user).toMatchObject({ password: "", sshAuthorizedKeys: [] });
    const text = await readFile(path.join(root, `image-templates/${name}.yml`), "utf8");
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/schema\/os-image-template\.schema\.json\n#\n# [A-Z]/);
    expect(text).toMatch(/^# (Nothing|No account) is preset/m);
  });
});

describe("defaults of a target", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "defaults-"));
  });
  afterAll(async () => nodeFiles.remove(directory));

  it("are those of the table", async () => {
    const entries = await readdir(path.join(root, "config/osv"), { recursive: true });
    const found = entries.flatMap((entry) => {
      const match = /^[^/]+\/([^/]+)\/imageconfigs\/defaultconfigs\/(default-.*)\.yml$/.exec(entry);
      return match === null ? [] : [`${match[1]}-${match[2]}`];
    });
    expect(found.sort()).toEqual(defaults.map(({ name }) => name).sort());
  });

  it.each(defaults)("$name completes a template of image and target", async ({ key, dist, type, arch, name }) => {
    const imageType = type === "initrd" ? "img" : type;
    const target = `{ os: ${OPERATING_SYSTEM[dist]}, dist: ${dist}, arch: ${arch}, imageType: ${imageType} }`;
    const file = path.join(directory, `${name}.yml`);
    await writeFile(file, `image: { name: complete, version: "1" }\ntarget: ${target}\n`);
    const merged = await load(file);
    await expectKnownForm(merged, name, DEFAULTS[key] ?? []);
    const { users, configurations = [], kernel } = merged.template.systemConfig ?? {};
    expect(users).toBeUndefined();
    expect(configurations.filter(({ cmd = "" }) => cmd.includes("ssh-keygen"))).toEqual([]);
    expect(kernel?.packages).toHaveLength(1);
    expect(kernel?.cmdline).toContain(arch === "aarch64" ? "console=ttyAMA0,115200" : "console=ttyS0,115200");
  });
});

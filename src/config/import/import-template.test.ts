import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isComposerError } from "../../core/index.ts";
import { type HostFiles, nodeFiles, readEnvironment } from "../../host/index.ts";
import { IssuesError, Positions, entryOf, formatPath, isContainer, isList } from "../document/index.ts";
import { loadTemplate } from "../template/index.ts";
import { formatNotes, hidePasswords } from "./index.ts";
import { formatImportedTemplate } from "./format-imported-template.ts";
import { importTemplate, importedDocument } from "./import-template.ts";

const root = path.join(import.meta.dirname, "../../..");
const fixtures = "test/fixtures/import";

/** The real files, and further ones that only the test has. */
function hostWith(extra: Readonly<Record<string, string>> = {}) {
  const files: HostFiles = {
    ...nodeFiles,
    async *readStream(file) {
      const text = extra[path.relative(root, file)];
      if (text === undefined) yield* nodeFiles.readStream(file);
      else yield Buffer.from(text);
    },
  };
  return { files, environment: { ...readEnvironment(), workingDirectory: root, variables: {} } };
}

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  try {
    await action;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What `validate` would refuse in a template; what cannot be built yet is no matter of the import. */
async function refusalsOf(file: string, text: string): Promise<string[]> {
  try {
    await loadTemplate(hostWith({ [file]: text }), file, { configDir: path.join(root, "config") });
    return [];
  } catch (error) {
    if (!(error instanceof IssuesError)) throw error;
    return error.issues.map(({ code, path: at, message }) => `${code} ${at}: ${message.replaceAll(`${root}/`, "")}`);
  }
}

describe.each(["imageconfigs", "build-specifications"])("fixtures of %s", async (directory) => {
  const names = await readdir(path.join(root, fixtures, directory));

  it.each(names)("%s gives the expected template and notes", async (name) => {
    const file = path.join(fixtures, directory, name);
    const { template, positions, notes } = await importTemplate(hostWith(), file);
    const text = formatImportedTemplate(hidePasswords(template).template, { head: [], schema: "x", positions });
    const output = `${path.join(fixtures, directory, path.parse(name).name)}.imported.yml`;
    const refusals = await refusalsOf(output, text);
    const parts = [text, "--- notes", ...formatNotes(notes), "--- refused by validate", ...refusals, ""].join("\n");
    expect(parts).not.toMatch(/do-not-show/);
    await expect(parts.replaceAll(`${fixtures}/`, "")).toMatchFileSnapshot(
      path.join(root, "test/golden/import", `${directory}.${path.parse(name).name}.txt`),
    );
  });

  it.each(names)("%s gives a template whose every value has a place in a source", async (name) => {
    const { template, positions, sources } = await importTemplate(hostWith(), path.join(fixtures, directory, name));
    const placeless: string[] = [];
    const visit = (value: unknown, at: readonly (string | number)[]): void => {
      if (!isContainer(value)) return;
      const keys = isList(value) ? [...value.keys()] : Object.keys(value);
      for (const key of keys) {
        const span = positions.placeOf(value, key)?.value;
        if (span === undefined || !sources.has(span.file)) placeless.push(formatPath([...at, key]));
        visit(entryOf(value, key), [...at, key]);
      }
    };
    visit(template, []);
    expect(placeless).toEqual([]);
    expect(positions.rootOf(template)).toMatchObject({ line: expect.any(Number) as number });
  });
});

describe("importTemplate()", () => {
  const efi = path.join(fixtures, "imageconfigs/efi.json");

  it("takes a base directory, a directory of the template, an architecture and a system", async () => {
    const file = "elsewhere/config.json";
    const text = JSON.stringify({
      SystemConfigs: [
        { Name: "a", Packages: ["x"] },
        {
          Name: "b",
          PackageLists: ["packagelists/container.json"],
          PostInstallScripts: [{ Path: "scripts/cleanup.sh" }],
        },
      ],
    });
    const { template, notes } = await importTemplate(hostWith({ [file]: text }), file, {
      baseDir: fixtures,
      templateDir: "test",
      arch: "aarch64",
      systemConfig: "b",
    });
    expect(template.target).toEqual({ os: "azure-linux", dist: "azl3", arch: "aarch64", imageType: "iso" });
    expect(template.systemConfig?.packages).toContain("prebuilt-ca-certificates");
    expect(template.systemConfig?.postInstallScripts).toEqual([{ file: "fixtures/import/scripts/cleanup.sh" }]);
    expect(notes.map(({ kind, path: at }) => `${kind} ${at}`)).toEqual([
      "dropped SystemConfigs[0].Name",
      "assumed SystemConfigs[1].PackageLists",
    ]);
  });

  it.each([
    ["https://example.org/$releasever/$basearch", true],
    ["https://example.org/3.0/x86_64", false],
  ])("says that repositories need values instead of variables: %s", async (url, hasVariables) => {
    const text = JSON.stringify({
      SystemConfigs: [{ Name: "a", Packages: ["x"], PackageRepos: [{ Name: "own", BaseUrl: url, Install: true }] }],
    });
    const { notes } = await importTemplate(hostWith({ "a.json": text }), "a.json", { arch: "x86_64" });
    const note = notes.find(({ path: at }) => at === "SystemConfigs[0].PackageRepos[0].BaseUrl");
    expect(note).toMatchObject({ kind: "dropped" });
    expect(note?.hint?.includes("values instead of $releasever and $basearch")).toBe(hasVariables);
  });

  it("refuses a system configuration that is not there", async () => {
    const error = await failureOf(importTemplate(hostWith(), efi, { systemConfig: "Standrd" }));
    if (!(error instanceof IssuesError)) throw new Error("accepted", { cause: error });
    expect(error.issues).toMatchObject([{ path: "SystemConfigs", didYouMean: "Standard" }]);
  });

  it.each([
    ["a template", "image-templates/debian13-x86_64-minimal-raw.yml", "TEMPLATE_INVALID"],
    ["a file that is not there", "nowhere.json", "TEMPLATE_NOT_FOUND"],
    ["a directory", "src", "TEMPLATE_NOT_FOUND"],
  ])("refuses %s", async (_, file, code) => {
    const error = await failureOf(importTemplate(hostWith(), file));
    expect(isComposerError(error) && error.code).toBe(code);
  });

  it("points into the JSON text that is wrong, and masks its secrets", async () => {
    const text = '{\n  "SystemConfigs": [{ "Password": "hidden", "Name": "a", }]\n}\n';
    const error = await failureOf(importTemplate(hostWith({ "a.json": text }), "a.json"));
    if (!(error instanceof IssuesError)) throw new Error("accepted", { cause: error });
    expect(error.issues).toMatchObject([
      { code: "TEMPLATE_SYNTAX", position: { file: "a.json", line: 2, column: 58 } },
    ]);
    expect(error.details.join("\n")).toContain("Remove the comma before it");
    expect(error.details.join("\n")).not.toContain("hidden");
  });

  it("reports what a template would refuse at its place in the imported file", async () => {
    const text =
      'image:\n  name: a\n  base: { os: debian, version: 13 }\ncustomizations:\n  hostname: -wrong-\n  services:\n    enabled: ["no name"]\n';
    const error = await failureOf(importTemplate(hostWith({ "a.yml": text }), "a.yml"));
    if (!(error instanceof IssuesError)) throw new Error("accepted", { cause: error });
    expect(error.issues.map(({ path: at, position }) => `${at} ${position?.line}:${position?.column}`)).toEqual([
      "systemConfig.hostname 5:13",
      "systemConfig.services.enable[0] 7:15",
    ]);
  });

  it("lists all that is wrong in a build specification", async () => {
    const text =
      "image:\n  base:\n    os: debain\n  format: floppy\ncustomizations:\n  files:\n    - source: a\n  packages: vim\nbuild:\n  stages: [validat]\n";
    const error = await failureOf(importTemplate(hostWith({ "a.yml": text }), "a.yml"));
    if (!(error instanceof IssuesError)) throw new Error("accepted", { cause: error });
    expect(error.issues.map(({ path: at, position }) => `${at} ${position?.line}:${position?.column}`)).toEqual([
      "image.base.version 3:5",
      "image.base.os 3:9",
      "image.format 4:11",
      "customizations.files[0].destination 7:7",
      "customizations.packages 8:13",
      "build.stages[0] 10:12",
    ]);
  });
});

describe("importedDocument()", () => {
  it("is nothing for a template, and for what is no mapping", async () => {
    for (const text of ["image: {name: a}\ntarget: {}\n", "[]", "", "{}", '{"image": 1}', "disks: []\ntarget: {}\n"]) {
      expect(await importedDocument(hostWith({ "a.yml": text }), "a.yml", new Positions())).toBeUndefined();
    }
  });

  it("reads what the fixtures say as they say it", async () => {
    const file = path.join(fixtures, "imageconfigs/efi.json");
    const imported = await importedDocument(hostWith(), file, new Positions());
    expect(imported?.issues).toEqual([]);
    expect(await readFile(path.join(root, file), "utf8")).toBe(imported?.sources.get(file));
  });
});

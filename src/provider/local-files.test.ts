import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { MergedTemplate, SystemConfigSection } from "../config/index.ts";
import type { Step } from "../core/index.ts";
import { fakeTree } from "../../test/fixtures/fake-tree.ts";
import type { ProviderBuild } from "./provider-build.ts";
import { digestsOfFiles, digestsOfScripts, withLocalFiles } from "./local-files.ts";
import type { PackageSteps } from "./package-steps.ts";
import { treeSteps } from "./tree-steps.ts";

function merged(systemConfig: SystemConfigSection, directory: string): MergedTemplate {
  const valueAt = (at: string): string => {
    const [, field = "", index = "0", key = ""] = /^systemConfig\.(\w+)\[(\d+)\]\.(\w+)$/.exec(at) ?? [];
    const list = systemConfig[field as "additionalFiles"] as readonly Record<string, unknown>[] | undefined;
    return String(list?.[Number(index)]?.[key]);
  };
  return {
    template: { systemConfig },
    localFile: (at: string) => path.resolve(directory, valueAt(at)),
  } as unknown as MergedTemplate;
}

describe("withLocalFiles()", () => {
  it("makes the paths of files and scripts absolute, and leaves texts alone", () => {
    const systemConfig: SystemConfigSection = {
      additionalFiles: [
        { local: "motd", final: "/etc/motd" },
        { content: "x", final: "/x" },
      ],
      preInstallScripts: [{ inline: "x" }],
      postInstallScripts: [{ file: "s/a.sh" }],
    };
    expect(withLocalFiles(merged(systemConfig, "/t")).systemConfig).toEqual({
      additionalFiles: [
        { local: "/t/motd", final: "/etc/motd" },
        { content: "x", final: "/x" },
      ],
      preInstallScripts: [{ inline: "x" }],
      postInstallScripts: [{ file: "/t/s/a.sh" }],
    });
  });
});

describe("the key of a step", () => {
  it("changes with one byte of a file in an added directory, and not with where it is", async () => {
    const digests = async (content: string): Promise<string> => {
      using tree = fakeTree({ "/d/sub/file": content });
      return JSON.stringify(await digestsOfFiles(tree.host, [{ local: `${tree.root}/d`, final: "/opt" }]));
    };
    expect(await digests("a")).toBe(await digests("a"));
    expect(await digests("a")).not.toBe(await digests("b"));
  });

  it("changes with owner, mode and text", async () => {
    using tree = fakeTree();
    const file = { content: "x", final: "/x" };
    const variants = [file, { ...file, mode: "0600" }, { ...file, owner: "ada" }, { ...file, content: "y" }];
    const digests = await Promise.all(variants.map((variant) => digestsOfFiles(tree.host, [variant])));
    expect(new Set(digests.map((digest) => JSON.stringify(digest))).size).toBe(variants.length);
  });

  it("changes with one byte of a script, its arguments and its environment", async () => {
    using tree = fakeTree({ "/s": "a" });
    const script = { file: `${tree.root}/s` };
    const seen = [await digestsOfScripts(tree.host, [script])];
    seen.push(await digestsOfScripts(tree.host, [{ ...script, arguments: ["x"] }]));
    seen.push(await digestsOfScripts(tree.host, [{ ...script, environment: { A: "b" } }]));
    writeFileSync(script.file, "b");
    seen.push(await digestsOfScripts(tree.host, [script]));
    expect(new Set(seen.map((digest) => JSON.stringify(digest))).size).toBe(seen.length);
  });

  it("changes for the installed tree with the scripts that run before the installation alone", async () => {
    using tree = fakeTree({ "/s": "a" });
    const settingsOf = async (systemConfig: SystemConfigSection): Promise<unknown> => {
      const request = { template: merged(systemConfig, tree.root) };
      const build = {
        host: tree.host,
        request,
        paths: { chrootBuild: "/c", records: "/r" },
      } as unknown as ProviderBuild;
      const { settings } = treeSteps(build, {} as PackageSteps).baseTree satisfies Step<unknown>;
      return typeof settings === "function" ? settings() : settings;
    };
    const before = await settingsOf({ preInstallScripts: [{ file: "s" }] });
    expect(await settingsOf({ preInstallScripts: [{ file: "s" }], postInstallScripts: [{ file: "s" }] })).toEqual(
      before,
    );
    writeFileSync(`${tree.root}/s`, "b");
    expect(await settingsOf({ preInstallScripts: [{ file: "s" }] })).not.toEqual(before);
  });
});

import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import type { RpmRepositorySource } from "../../ospackage/index.ts";
import { openImageTree } from "./image-tree.ts";
import { planYumSources } from "./yum-sources.ts";

function source(settings: Partial<RpmRepositorySource>): RpmRepositorySource {
  const canonicalUrl = "https://rpm.example.org/base";
  return {
    kind: "rpm",
    id: "azure-linux",
    canonicalUrl,
    urls: [canonicalUrl],
    keys: [{ file: "/key.asc", fingerprints: [] }],
    foreignKeys: false,
    gpgCheck: true,
    repoGpgCheck: true,
    priority: 500,
    ...settings,
  };
}

async function plan(sources: readonly RpmRepositorySource[], entries: Parameters<typeof fakeTree>[0] = {}) {
  using tree = fakeTree({ "/usr/bin/tdnf": "", "/key.asc": "-----BEGIN PGP", ...entries });
  const placed = sources.map((each) => ({
    ...each,
    keys: each.keys.map((key) => ({ ...key, file: `${tree.root}${key.file}` })),
  }));
  return await planYumSources(tree.host, openImageTree(tree.host, tree.root), placed, "azure-linux");
}

const text = (content: unknown): string => Buffer.from(content as Uint8Array).toString("utf8");

describe("planYumSources()", () => {
  it("names canonical addresses and the keys of a repository", async () => {
    const changes = await plan([source({ urls: ["http://mirror.example.net/"] })]);
    expect(changes.map(({ path }) => path)).toEqual([
      "/etc/pki/rpm-gpg/azure-linux-1",
      "/etc/yum.repos.d/azure-linux.repo",
    ]);
    const [, file] = changes;
    expect(file?.kind === "write" && text(file.content)).toBe(
      [
        "[azure-linux]",
        "name=azure-linux",
        "baseurl=https://rpm.example.org/base",
        "enabled=1",
        "gpgcheck=1",
        "repo_gpgcheck=1",
        "gpgkey=file:///etc/pki/rpm-gpg/azure-linux-1",
        "",
      ].join("\n"),
    );
  });

  it("leaves the distribution's own files alone, and adds those of the template", async () => {
    const added = source({ id: "template/0-edge", foreignKeys: true, repoGpgCheck: false, priority: 600 });
    const changes = await plan([source({}), added], { "/etc/yum.repos.d/azurelinux.repo": "" });
    expect(changes.map(({ path }) => path)).toEqual([
      "/etc/pki/rpm-gpg/template-0-edge-1",
      "/etc/yum.repos.d/template-0-edge.repo",
    ]);
    const [, file] = changes;
    expect(file?.kind === "write" && text(file.content)).toContain("repo_gpgcheck=0\ngpgkey");
    expect(file?.kind === "write" && text(file.content)).toContain("priority=89\n");
  });

  it("names a list of mirrors as one", async () => {
    const address = "mirror+https://rpm.example.org/list?repo=base";
    const [, file] = await plan([source({ canonicalUrl: address, urls: [address] })]);
    expect(file?.kind === "write" && text(file.content).split("\n")[2]).toBe(
      "mirrorlist=https://rpm.example.org/list?repo=base",
    );
  });

  it.each([
    ["a repository that was overridden", source({ urls: ["file:///r"], foreignKeys: true }), {}],
    ["a file: address", source({ canonicalUrl: "file:///r", urls: ["file:///r"] }), {}],
  ])("leaves out %s", async (_, repository, entries) => {
    expect(await plan([repository], entries)).toEqual([]);
  });

  it("writes nothing for a system that reads no such files", async () => {
    using tree = fakeTree({ "/usr/bin/apt": "" });
    expect(await planYumSources(tree.host, openImageTree(tree.host, tree.root), [source({})], "x")).toEqual([]);
  });

  it("refuses an address that is no word", async () => {
    await expect(plan([source({ canonicalUrl: "http://x/a\nb" })])).rejects.toMatchObject({
      code: "IMAGE_PLAN_INVALID",
    });
  });
});

import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadTemplate } from "../config/index.ts";
import { noEvents } from "../core/index.ts";
import {
  createHttpClient,
  createProcessRunner,
  nodeFiles,
  oneThread,
  readEnvironment,
  systemClock,
} from "../host/index.ts";
import type { BuildRequest } from "./provider.ts";
import type { ProviderFiles } from "./provider-files.ts";
import { repositorySources } from "./repository-sources.ts";

const configDir = path.join(import.meta.dirname, "../../config");
const HEAD = 'image: { name: a, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\n';
const PROVIDER: ProviderFiles = {
  directory: "/provider",
  repositories: [
    {
      name: "debian",
      suite: "trixie",
      baseURL: "http://ftp.debian.org/debian",
      components: ["main"],
      keys: [{ file: "key.asc", fingerprints: [] }],
    },
  ],
  toolPackages: [],
  packageFormat: "deb" as const,
  kernel: { prefix: "linux-image", usual: "linux-image-amd64" },
  rpmDatabase: "",
  releaseVersion: "13",
};

describe("repositorySources()", () => {
  let directory = "";
  const http = createHttpClient({});
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "sources-"));
  });
  afterEach(async () => {
    await http.close();
    await nodeFiles.remove(directory);
  });

  const host = () => ({
    files: nodeFiles,
    http,
    processes: createProcessRunner(noEvents),
    clock: systemClock,
    threads: oneThread,
    environment: { ...readEnvironment(), workingDirectory: directory, variables: {} },
  });
  const sourcesOf = async (
    file: string,
    offline = false,
    mirrors: BuildRequest["settings"]["mirrors"] = {},
    provider = PROVIDER,
  ) => {
    const template = await loadTemplate(host(), file, { configDir });
    const settings = { cacheDir: path.join(directory, "cache"), mirrors } as BuildRequest["settings"];
    return repositorySources(host(), { template, settings, offline, emit: noEvents, log: () => undefined }, provider);
  };
  const write = (name: string, text: string) => writeFile(path.join(directory, name), text);

  it("leaves the provider's repositories out when the template says so", async () => {
    await mkdir(path.join(directory, "debs"));
    const local = "packageRepositories: [{ codename: own, path: debs }]\n";
    await write("a.yml", `${HEAD}${local}`);
    expect((await sourcesOf("a.yml")).map(({ id }) => id)).toEqual(["debian/trixie", "template/0-own"]);
    await write("b.yml", `${HEAD}useDefaultRepositories: false\n${local}`);
    expect((await sourcesOf("b.yml")).map(({ id }) => id)).toEqual(["template/0-own"]);
  });

  it("refuses a mirror of the command line that is for nothing", async () => {
    await write("a.yml", HEAD);
    const mirrors = { debain: { url: "https://example.com/debian", isRequired: true } };
    await expect(sourcesOf("a.yml", false, mirrors)).rejects.toMatchObject({
      code: "USAGE",
      hint: 'Did you mean "debian"?',
    });
    expect(await sourcesOf("a.yml", false, { ubuntu: { url: "https://example.com/ubuntu" } })).toHaveLength(1);
  });

  it("wants keys of the user's own for a repository whose key is not shipped", async () => {
    await write("a.yml", HEAD);
    const [repository] = PROVIDER.repositories;
    if (repository === undefined) throw new Error("there is no repository");
    const keyURL = "http://ftp.debian.org/key.gpg";
    const provider = { ...PROVIDER, repositories: [{ ...repository, keys: [], keyURL }] };
    await expect(sourcesOf("a.yml", false, {}, provider)).rejects.toMatchObject({
      code: "REPOSITORY_KEY_MISSING",
      hint: expect.stringContaining(`Fetch ${keyURL}, compare its fingerprint`) as string,
      details: ["mirrors:", "  debian:", "    url: http://ftp.debian.org/debian", "    keys: [FILE]"],
    });
    const onlyAddress = { debian: { url: "https://example.com/debian" } };
    await expect(sourcesOf("a.yml", false, onlyAddress, provider)).rejects.toMatchObject({
      code: "REPOSITORY_KEY_MISSING",
    });
    const mirrors = { debian: { url: "https://example.com/debian", suite: "testing", keys: ["/own.asc"] } };
    expect(await sourcesOf("a.yml", false, mirrors, provider)).toMatchObject([
      {
        canonicalUrl: "http://ftp.debian.org/debian",
        url: "https://example.com/debian",
        canonicalSuite: "trixie",
        suite: "testing",
        keys: [{ file: "/own.asc" }],
        foreignKeys: true,
      },
    ]);
  });

  it("reads an rpm repository through a mirror list, which no other can be", async () => {
    const list = "mirror+https://example.com/list?repo=base";
    await write("a.yml", HEAD);
    await expect(sourcesOf("a.yml", false, { debian: { url: list } })).rejects.toMatchObject({
      code: "USAGE",
      message: 'Cannot use the mirror list for "debian": mirror lists are for rpm repositories',
    });
    const { keys = [] } = PROVIDER.repositories[0] ?? {};
    const base = { name: "base", baseURLs: ["https://example.com/base"], repoGpgCheck: true, keys } as const;
    const provider = { ...PROVIDER, packageFormat: "rpm" as const, repositories: [base] };
    await write(
      "b.yml",
      `${HEAD.replace("debian", "azure-linux").replace("debian13", "azl3")}packageRepositories: [{ codename: x, url: "${list}", pkey: "[trusted=yes]" }]\n`,
    );
    expect(await sourcesOf("b.yml", false, { base: { url: list } }, provider)).toMatchObject([
      { canonicalUrl: "https://example.com/base", urls: [list], foreignKeys: false },
      { canonicalUrl: list, urls: [list] },
    ]);
  });

  it("finds directories and keys beside the template that names them", async () => {
    await mkdir(path.join(directory, "base/debs"), { recursive: true });
    await write("base/key.asc", "key");
    await write(
      "base/a.yml",
      `${HEAD}packageRepositories:\n  - { codename: own, path: debs }\n  - { codename: x, url: "https://example.com/debian", pkey: key.asc }\n`,
    );
    await write("a.yml", `${HEAD}extends: base/a.yml\n`);
    const [, local, remote] = await sourcesOf("a.yml");
    expect(local).toMatchObject({ kind: "local", directory: path.join(directory, "base/debs") });
    expect(remote).toMatchObject({ keys: [{ file: path.join(directory, "base/key.asc") }], gpgCheck: true });
  });

  it("reads the short form as a flat repository", async () => {
    await write("key.asc", "key");
    await write(
      "a.yml",
      `${HEAD}repositories:\n  - { name: v, baseurl: "https://example.com/v/", gpgkey: key.asc }\n  - { name: w, baseurl: "https://example.com/w/", gpgcheck: false }\n`,
    );
    const [, checked, unchecked] = await sourcesOf("a.yml");
    expect(checked).toMatchObject({ url: "https://example.com/v/", suite: "./", components: [], gpgCheck: true });
    expect(unchecked).toMatchObject({ url: "https://example.com/w/", keys: [], gpgCheck: false, foreignKeys: true });
  });

  it("fetches a key by its address once, and keeps it", async () => {
    let requests = 0;
    const server = createServer((_, response) => response.end(`key ${(requests += 1)}`));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/key.gpg`;
      await write(
        "a.yml",
        `${HEAD}packageRepositories: [{ codename: x, url: "https://example.com/x", pkey: "${url}" }]\n`,
      );
      await expect(sourcesOf("a.yml", true)).rejects.toMatchObject({ code: "REPOSITORY_OFFLINE" });
      const [, first] = await sourcesOf("a.yml");
      const [, second] = await sourcesOf("a.yml", true);
      expect(first).toEqual(second);
      if (first?.kind !== "deb") throw new Error("no deb repository");
      expect(await readFile(first.keys[0]?.file ?? "", "utf8")).toBe("key 1");
    } finally {
      server.close();
    }
  });
});

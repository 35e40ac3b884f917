import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isComposerError } from "../../src/core/index.ts";
import { readRpmRepository, type RpmRepositorySource } from "../../src/ospackage/index.ts";
import { makeDirectory, run } from "../e2e/support/workshop.ts";
import { type FaultyServer, startFaultyServer } from "../fixtures/faulty-server.ts";
import { planRpmRepository } from "../fixtures/rpm-metadata.ts";
import { testHost } from "../fixtures/test-host.ts";

/** Mirror lists, by dnf and by us: which version of a package is there. Only line ends of Windows are too much for dnf. */

const DEAD = "http://127.0.0.1:9/dead/";
const VERSIONS = { old: "1.0", good: "2.0", next: "3.0" } as const;
type Place = keyof typeof VERSIONS;

describe.skipIf(!existsSync("/usr/bin/dnf"))("mirror lists", () => {
  let directory: { path: string } & AsyncDisposable;
  let server: FaultyServer;
  let count = 0;

  beforeAll(async () => {
    directory = await makeDirectory("rpm-mirrors-");
    server = await startFaultyServer();
    for (const [place, version] of Object.entries(VERSIONS)) {
      const files = planRpmRepository({ packages: [{ name: "bash", version, architecture: "noarch" }] });
      for (const [name, content] of files) server.files.set(`${place}/${name}`, content);
    }
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  });

  const at = (place: Place): string => `${server.url}/${place}/`;
  const hashOf = (place: Place, algorithm: string): string => {
    const content = server.files.get(`${place}/repodata/repomd.xml`) ?? new Uint8Array();
    const hex = createHash(algorithm).update(content).digest("hex");
    return `<mm0:timestamp>1767600000</mm0:timestamp><size>${content.length}</size><verification><hash type="${algorithm}">${hex}</hash></verification>`;
  };
  const metalink = (urls: readonly string[], known: readonly Place[], algorithm = "sha256"): string => {
    const [newest = "", ...older] = known.map((place) => hashOf(place, algorithm));
    const alternates = older.map((text) => `<mm0:alternate>${text}</mm0:alternate>`).join("");
    const resources = urls.map(
      (url, index) =>
        `<url protocol="${url.split(":")[0]}" type="x" location="DE" preference="${100 - index}">${url}repodata/repomd.xml</url>`,
    );
    return `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" pubdate="Mon, 05 Jan 2026 12:00:00 GMT" generator="mirrormanager" xmlns:mm0="http://fedorahosted.org/mirrormanager">
<files><file name="repomd.xml">${newest}${older.length === 0 ? "" : `<mm0:alternates>${alternates}</mm0:alternates>`}
<resources maxconnections="1">${resources.join("\n")}</resources></file></files></metalink>
`;
  };

  it.each<[what: string, kind: "mirrorlist" | "metalink", list: () => string, version: string | undefined]>([
    ["the first mirror", "mirrorlist", () => `${at("good")}\n${at("old")}\n`, "2.0"],
    ["comments and blank lines", "mirrorlist", () => `# a\n\n${at("old")}\n\n# b\n`, "1.0"],
    ["a dead mirror first", "mirrorlist", () => `${DEAD}\n${server.url}/missing/\n${at("good")}\n`, "2.0"],
    ["no mirror", "mirrorlist", () => "# none\n", undefined],
    ["dead mirrors alone", "mirrorlist", () => `${DEAD}\n`, undefined],
    ["a web page", "mirrorlist", () => "<!DOCTYPE html>\n<html><body>Log in</body></html>\n", undefined],
    ["a metalink: dead, stale, good", "metalink", () => metalink([DEAD, at("old"), at("good")], ["good"]), "2.0"],
    ["one by SHA-512", "metalink", () => metalink([at("old"), at("good")], ["good"], "sha512"), "2.0"],
    ["an alternate", "metalink", () => metalink([at("old"), at("good")], ["good", "old"]), "1.0"],
    ["a mirror that is ahead", "metalink", () => metalink([at("next"), at("good")], ["good", "old"]), "2.0"],
    ["rsync first", "metalink", () => metalink(["rsync://127.0.0.1/os/", at("good")], ["good"]), "2.0"],
    ["stale mirrors alone", "metalink", () => metalink([at("old"), at("next")], ["good"]), undefined],
    ["no XML", "metalink", () => "metalink", undefined],
  ])("are read as dnf does: %s", async (_, kind, list, version) => {
    count += 1;
    server.files.set(`${kind}-${count}`, Buffer.from(list()));
    const url = `${server.url}/${kind}-${count}`;
    expect([await byDnf(kind, url), await byUs(url)]).toEqual([version, version]);
  });

  async function byDnf(kind: string, url: string): Promise<string | undefined> {
    const home = path.join(directory.path, `dnf-${count}`);
    for (const name of ["root", "log", "repos"]) mkdirSync(path.join(home, name), { recursive: true });
    writeFileSync(path.join(home, "dnf.conf"), "[main]\n");
    writeFileSync(
      path.join(home, "repos/own.repo"),
      `[own]\nname=own\n${kind}=${url}\nenabled=1\ngpgcheck=0\nrepo_gpgcheck=0\nretries=1\n`,
    );
    const settings = { reposdir: `${home}/repos`, cachedir: `${home}/cache`, logdir: `${home}/log` };
    const { stdout, exitCode } = await run(
      [
        "dnf",
        ...["--quiet", `--config=${home}/dnf.conf`, `--installroot=${home}/root`, "--releasever=3.0"],
        ...Object.entries(settings).map(([name, value]) => `--setopt=${name}=${value}`),
        ...["repoquery", "--queryformat", "%{version}", "bash"],
      ],
      { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: home, LANG: "C.UTF-8" } },
    );
    return exitCode === 0 ? stdout.trim() : undefined;
  }

  async function byUs(url: string): Promise<string | undefined> {
    const host = testHost(new Date());
    const source: RpmRepositorySource = {
      ...{ kind: "rpm", id: "own", canonicalUrl: "https://rpm.example.org/", urls: [`mirror+${url}`], priority: 500 },
      ...{ keys: [], foreignKeys: false, gpgCheck: false, repoGpgCheck: false },
    };
    const cacheDir = path.join(directory.path, `cache-${count}`);
    const options = { architecture: "x86_64", cacheDir, offline: false, emit: () => undefined };
    try {
      const { index } = await readRpmRepository(host, source, options);
      return index.byName("bash").map((found) => found.version.replace(/-.*/, ""))[0];
    } catch (error) {
      if (isComposerError(error) && error.code.startsWith("REPOSITORY_")) return undefined;
      throw error;
    } finally {
      await host.http.close();
    }
  }
});

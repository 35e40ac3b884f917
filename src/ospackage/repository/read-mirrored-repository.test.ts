import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import { planRpmRepository, type RpmRepositoryPlan } from "../../../test/fixtures/rpm-metadata.ts";
import { makeKey, NOW, signDetached, type TestKey } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import type { BuildEvent } from "../../core/index.ts";
import type { RpmIndex } from "../rpm/index.ts";
import { readRpmRepository } from "./read-rpm-repository.ts";
import type { RepositoryIndex, RpmRepositorySource } from "./repository.ts";

const [OLD_SECONDS, NEW_SECONDS] = [1_767_500_000, 1_767_600_000];
const DEAD = "http://127.0.0.1:9/dead/";

let host: ReturnType<typeof testHost>;
let server: FaultyServer;
let directory: string;
let events: BuildEvent[];
let [alice, mallory]: TestKey[] = [];

beforeAll(async () => {
  [alice, mallory] = await Promise.all([makeKey(), makeKey()]);
});
beforeEach(async () => {
  host = testHost(NOW);
  events = [];
  server = await startFaultyServer();
  directory = mkdtempSync(path.join(tmpdir(), "read-mirrored-repository-"));
  writeFileSync(path.join(directory, "alice.asc"), key(alice).armoredPublic);
  await publish("stale", { packages: [{ name: "bash", version: "1.0" }], timestampSeconds: OLD_SECONDS });
  await publish("good", { packages: [{ name: "bash", version: "2.0" }], timestampSeconds: NEW_SECONDS });
});
afterEach(async () => {
  await host.http.close();
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

function key(made: TestKey | undefined): TestKey {
  if (made === undefined) throw new Error("no key");
  return made;
}

async function publish(place: string, plan: RpmRepositoryPlan, signer = key(alice)): Promise<void> {
  for (const [name, content] of planRpmRepository(plan)) server.files.set(`${place}/${name}`, content);
  const repomd = repomdOf(place).toString("utf8");
  server.files.set(`${place}/repodata/repomd.xml.asc`, Buffer.from(await signDetached(repomd, [signer])));
}

function repomdOf(place: string): Buffer {
  return Buffer.from(server.files.get(`${place}/repodata/repomd.xml`) ?? []);
}

const at = (place: string): string => `${server.url}/${place}/`;
const offerList = (text: string): void => void server.files.set("list", Buffer.from(text));

/** @param known mirrors whose repomd.xml the metalink knows, the newest first */
function offerMetalink(mirrors: readonly string[], known: readonly string[], algorithm = "sha256"): void {
  const [newest = "", ...alternates] = known.map((place) => {
    const hex = createHash(algorithm).update(repomdOf(place)).digest("hex");
    return `<verification><hash type="md5">x</hash><hash type="${algorithm}">${hex}</hash></verification>`;
  });
  const older = alternates.map((text) => `<mm0:alternate>${text}</mm0:alternate>`).join("");
  const urls = mirrors.map((url, index) => `<url preference="${100 - index}">${url}repodata/repomd.xml</url>`).join("");
  offerList(`<?xml version="1.0"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager"><files>
<file name="repomd.xml">${newest}<mm0:alternates>${older}</mm0:alternates><resources>${urls}</resources></file>
</files></metalink>`);
}

function read(
  urls: RpmRepositorySource["urls"] = [`mirror+${server.url}/list`],
  changes: Partial<RpmRepositorySource> & { readonly offline?: boolean } = {},
): Promise<RepositoryIndex<RpmIndex>> {
  const { offline = false, ...sourceChanges } = changes;
  const source: RpmRepositorySource = {
    ...{ kind: "rpm", id: "base", canonicalUrl: "http://rpm.example.org/base", urls, priority: 500 },
    keys: [{ file: path.join(directory, "alice.asc"), fingerprints: [key(alice).fingerprint] }],
    ...{ foreignKeys: false, gpgCheck: true, repoGpgCheck: true },
    ...sourceChanges,
  };
  const cacheDir = path.join(directory, "cache");
  const emit = (event: BuildEvent): void => void events.push(event);
  return readRpmRepository(host, source, { architecture: "x86_64", cacheDir, offline, emit });
}

const versionOf = ({ index }: RepositoryIndex<RpmIndex>) => index.byName("bash").map(({ version }) => version);
const warnings = (): string[] => events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
const requestsBelow = (place: string): string[] => server.paths().filter((name) => name.startsWith(`${place}/`));

describe("readRpmRepository() with a mirror list", () => {
  it("asks mirrors in the order of the list, each dead one once", async () => {
    offerList(`# dead, then good\n${DEAD}\n${at("good")}\n${at("stale")}\n`);
    expect(versionOf(await read())).toEqual(["2.0-1"]);
    expect(warnings()).toEqual([expect.stringMatching(/^Cannot reach "http:\/\/127\.0\.0\.1:9\/.*: asking another/)]);
    expect(host.clock.sleptMs).toEqual([]);
    expect(server.paths().filter((name) => name === "list")).toHaveLength(1);
    expect(requestsBelow("stale")).toEqual([]);
  });

  it.each(["sha256", "sha512"])("goes by the %s of repomd.xml in a metalink: dead, stale, good", async (algorithm) => {
    offerMetalink([DEAD, at("stale"), at("good")], ["good"], algorithm);
    const repository = await read();
    expect(versionOf(repository)).toEqual(["2.0-1"]);
    expect(repository.signedBy).toBe(key(alice).fingerprint);
    expect(warnings()[1]).toMatch(
      /stale\/repodata\/repomd\.xml": its digest is none of those that the mirror list names/,
    );
    expect(requestsBelow("stale")).toEqual(["stale/repodata/repomd.xml"]);
  });

  it("takes an alternate version that the metalink knows", async () => {
    offerMetalink([at("stale"), at("good")], ["good", "stale"]);
    expect(versionOf(await read())).toEqual(["1.0-1"]);
  });

  it("tells an unchanged kept version from one that is stale by now", async () => {
    offerMetalink([at("stale")], ["stale"]);
    expect(versionOf(await read())).toEqual(["1.0-1"]);
    host = testHost(NOW);
    offerMetalink([at("stale"), at("good")], ["good"]);
    expect(versionOf(await read())).toEqual(["2.0-1"]);
    host = testHost(NOW);
    server.requests.length = 0;
    expect(versionOf(await read())).toEqual(["2.0-1"]);
    // The stale mirror has another etag; the good one says that nothing changed.
    expect(server.requests.map(({ path: name, status }) => [name, status])).toEqual([
      ["list", 200],
      ["stale/repodata/repomd.xml", 200],
      ["good/repodata/repomd.xml", 304],
    ]);
  });

  it("passes over mirrors that replay what is older, or that somebody else signs", async () => {
    offerList(at("good"));
    await read();
    host = testHost(NOW);
    const forged = { packages: [{ name: "bash", version: "9.0" }], timestampSeconds: NEW_SECONDS + 1 };
    await publish("forged", forged, key(mallory));
    await publish("unsigned", forged);
    server.files.delete("unsigned/repodata/repomd.xml.asc");
    server.files.set("portal/repodata/repomd.xml", Buffer.from("<html>Log in</html>"));
    offerList(["stale", "forged", "unsigned", "portal", "good"].map(at).join("\n"));
    expect(versionOf(await read())).toEqual(["2.0-1"]);
    expect(warnings()).toHaveLength(4);
  });

  it("does not help a mirror that nobody trusts", async () => {
    await publish("forged", { packages: [{ name: "bash", version: "9.0" }] }, key(mallory));
    offerMetalink([at("forged")], ["forged"]);
    await expect(read()).rejects.toMatchObject({ code: "REPOSITORY_KEY_UNKNOWN" });
  });

  it("takes the index from another mirror than repomd.xml, where that lacks it", async () => {
    offerList([at("half"), at("good")].join("\n"));
    for (const name of ["repodata/repomd.xml", "repodata/repomd.xml.asc"]) {
      server.files.set(`half/${name}`, Buffer.from(server.files.get(`good/${name}`) ?? []));
    }
    expect(versionOf(await read())).toEqual(["2.0-1"]);
    expect(requestsBelow("good")).toEqual(["good/repodata/primary.xml.gz"]);
  });

  it("keeps one cache for a list, whatever it says today, and one for each query of it", async () => {
    offerList([at("good"), at("stale")].join("\n"));
    await read();
    host = testHost(NOW);
    offerList([DEAD, at("good")].join("\n"));
    await read();
    const kept = (): string[] => readdirSync(path.join(directory, "cache/repositories"));
    expect(kept()).toHaveLength(1);
    server.files.delete("list");
    expect(versionOf(await read(undefined, { offline: true }))).toEqual(["2.0-1"]);
    server.files.set("list?repo=other", Buffer.from(at("stale")));
    expect(versionOf(await read([`mirror+${server.url}/list?repo=other`]))).toEqual(["1.0-1"]);
    expect(kept()).toHaveLength(2);
  });

  it("asks the list only when the addresses before it fail, and may read it from this disk", async () => {
    const file = path.join(directory, "mirrors.txt");
    writeFileSync(file, at("good"));
    const list = `mirror+${pathToFileURL(file).href}`;
    offerList("");
    expect(versionOf(await read([at("good"), `mirror+${server.url}/list`]))).toEqual(["2.0-1"]);
    expect(server.paths()).not.toContain("list");
    expect(versionOf(await read([DEAD, `mirror+${server.url}/list`, list]))).toEqual(["2.0-1"]);
    expect(warnings()).toEqual([
      expect.stringMatching(/^Cannot reach "http:\/\/127\.0\.0\.1:9\/.*: asking another mirror$/),
      expect.stringMatching(/^Cannot use the mirror list .*: it names no mirror: asking another mirror$/),
    ]);
  });

  it("says how many mirrors were asked, and why the first ones failed", async () => {
    const dead = Array.from({ length: 30 }, (_, index) => `http://127.0.0.1:9/m${index}/`);
    offerList(dead.join("\n"));
    await expect(read()).rejects.toMatchObject({
      code: "REPOSITORY_UNREACHABLE",
      message: 'Cannot fetch "repodata/repomd.xml" of the repository "base": all 20 mirrors that were asked failed',
      details: [
        ...dead.slice(0, 5).map((url) => `Cannot reach "${url}repodata/repomd.xml": the connection was refused`),
        "… and 15 more",
      ],
    });
    expect(host.clock.sleptMs).toEqual([]);
  });

  it.each([
    ["is missing", "REPOSITORY_NOT_FOUND", undefined],
    ["is empty", "REPOSITORY_METADATA_INVALID", ""],
    ["is a web page", "REPOSITORY_METADATA_INVALID", "<!DOCTYPE html><html></html>"],
    ["names files of this disk", "REPOSITORY_METADATA_INVALID", "file:///srv/repository\n"],
    ["has more than a MiB", "REPOSITORY_TOO_LARGE", `#${"x".repeat(1024 ** 2)}\nhttp://a.example/`],
  ])("fails when the list %s", async (_, code, text) => {
    if (text !== undefined) offerList(text);
    await expect(read()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^Cannot (fetch|use) the mirror list "http:/) as string,
    });
    expect(server.paths()).toEqual(["list"]);
  });

  it("tells failing lists of one host apart, and shows nothing of a file that is none", async () => {
    const file = path.join(directory, "shadow");
    writeFileSync(file, "root:$y$j9T$secret:20000:0:99999:7:::\n");
    const refusalOf = (reading: Promise<unknown>): Promise<string> => reading.then(() => "none", String);
    const refusal = (id: string): Promise<string> => refusalOf(read([`mirror+${server.url}/list?repo=${id}`], { id }));
    expect(await refusal("appstream")).toMatch(/the mirror list "http:[^"]*\/list" for .* repository "appstream"/);
    expect(await refusal("baseos")).toMatch(/the mirror list "http:[^"]*\/list" for .* repository "baseos"/);
    const message = await refusalOf(read([`mirror+${pathToFileURL(file).href}`]));
    expect(message).toMatch(/^ComposerError: Cannot use .*: its line 1 is no address$/);
  });

  it("fails when the list leads round in circles", async () => {
    const fault = { kind: "status", status: 302, headers: { location: "/list" } } as const;
    server.faults.set(
      "list",
      Array.from({ length: 50 }, () => fault),
    );
    await expect(read()).rejects.toMatchObject({ code: "REPOSITORY_HTTP_ERROR" });
    expect(server.requests.length).toBeLessThan(10);
  });
});

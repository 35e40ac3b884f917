import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../fixtures/faulty-server.ts";
import { rpmOf } from "../fixtures/make-rpm.ts";
import { type BadRepositoryKeys, makeBadRepositoryKeys } from "../fixtures/rpm-distribution/bad/make-bad-repository.ts";
import { makeTiny, type TinyDistribution } from "../fixtures/rpm-distribution/tiny/make-tiny.ts";
import { type CliResult, runComposer } from "./support/cli.ts";
import { defaultPackageNames } from "./support/tiny-repository.ts";
import { makeDirectory } from "./support/workshop.ts";

/**
 * Azure Linux's repository behind a mirror list of which one mirror is dead, one has other metadata, and one is good; and
 * a repository of the template behind a list of its own.
 */

const DEAD = "http://127.0.0.1:9/dead/";

let room: { path: string } & AsyncDisposable;
let keys: BadRepositoryKeys;
let tiny: TinyDistribution;
let server: FaultyServer;
let system: string;

beforeAll(async () => {
  room = await makeDirectory("rpm-mirrors-");
  keys = await makeBadRepositoryKeys();
  tiny = await makeTiny(path.join(room.path, "tiny"), keys.trusted);
  system = path.join(room.path, "system");
  await mkdir(system);
  for (const name of await defaultPackageNames("azure-linux/azl3")) {
    await writeFile(path.join(system, `${name}.rpm`), await rpmOf({ name }));
  }
  server = await startFaultyServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});
beforeEach(async () => {
  server.files.clear();
  server.requests.length = 0;
  // Another repository that the same key signs: what a mirror that is behind looks like.
  await serve("stale", tiny.updates);
  await serve("good", tiny.base);
  await serve("extras", tiny.extras);
  offerMetalink([DEAD, at("stale"), at("good")]);
  offerExtras([DEAD, at("extras")]);
});

async function serve(place: string, directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    server.files.set(`${place}/${path.relative(directory, file)}`, await readFile(file));
  }
}

const at = (place: string): string => `${server.url}/${place}/`;

function offerMetalink(mirrors: readonly string[]): void {
  const urls = mirrors.map((url, index) => `<url preference="${100 - index}">${url}repodata/repomd.xml</url>`).join("");
  const repomd = createHash("sha256").update(server.files.get("good/repodata/repomd.xml") ?? "");
  const hash = `<verification><hash type="sha256">${repomd.digest("hex")}</hash></verification>`;
  const file = `<file name="repomd.xml">${hash}<resources>${urls}</resources></file>`;
  const metalink = `<metalink version="3.0" xmlns="http://www.metalinker.org/"><files>${file}</files></metalink>`;
  server.files.set("metalink?repo=base&arch=x86_64", Buffer.from(metalink));
}

function offerExtras(mirrors: readonly string[]): void {
  server.files.set("extras.txt", Buffer.from(`# mirrors of extras\r\n${mirrors.join("\r\n")}\r\n`));
}

interface Workplace {
  readonly at: (...parts: string[]) => string;
  compose(...words: readonly string[]): Promise<CliResult>;
  lockText(): Promise<string>;
}

async function openWorkplace(name: string): Promise<Workplace> {
  const inside = (...parts: string[]): string => path.join(room.path, "places", name, ...parts);
  await mkdir(inside(), { recursive: true });
  const url = `mirror+${server.url}/metalink?repo=base&arch=x86_64`;
  await writeFile(
    inside("composer.yml"),
    JSON.stringify({ mirrors: { "azure-linux": { url, keys: [tiny.keyFile] } } }),
  );
  const extras = { codename: "extras", url: `mirror+${server.url}/extras.txt`, pkey: tiny.keyFile, priority: 990 };
  const template = {
    image: { name: "edge", version: "1" },
    target: { os: "azure-linux", dist: "azl3", arch: "x86_64", imageType: "raw" },
    packageRepositories: [{ codename: "system", path: system }, extras],
    systemConfig: { name: "edge", packages: ["app", "twice"] },
  };
  await writeFile(inside("edge.yml"), JSON.stringify(template));
  return {
    at: inside,
    compose: (...words) =>
      runComposer(["--config", "composer.yml", "--cache-dir", "cache", "--work-dir", "work", ...words], {
        cwd: inside(),
      }),
    lockText: () => readFile(inside("edge.lock.json"), "utf8"),
  };
}

const succeeded = ({ exitCode, stderr }: CliResult): void => expect(exitCode, stderr).toBe(0);
const errorOf = (stderr: string): string => /^ERROR: (.*)$/m.exec(stderr)?.[1] ?? stderr;

describe("a mirror list in the place of an address", () => {
  it("leads past a dead and a stale mirror, and names no mirror in the lock", async () => {
    const place = await openWorkplace("lock");
    const locked = await place.compose("lock", "edge.yml");
    succeeded(locked);
    expect(locked.stderr).toMatch(/^WARN: .*Cannot reach "http:\/\/127\.0\.0\.1:9\/dead\/repodata\/repomd\.xml"/m);
    expect(locked.stderr).toMatch(/^WARN: .*\/stale\/repodata\/repomd\.xml": its digest is none of those/m);
    const lock = await place.lockText();
    expect(lock).not.toMatch(/dead|stale|good/);
    expect(lock).toContain(`"url": "mirror+${server.url}/extras.txt"`);

    // Other mirrors in another order, and another machine: the same lock.
    await serve("moved", tiny.base);
    offerMetalink([at("moved"), at("good")]);
    offerExtras([at("extras"), DEAD]);
    const elsewhere = await openWorkplace("elsewhere");
    succeeded(await elsewhere.compose("lock", "edge.yml"));
    expect(await elsewhere.lockText()).toBe(lock);
  });

  it("serves a locked build when all mirrors have moved, and no index is read", async () => {
    const place = await openWorkplace("locked");
    succeeded(await place.compose("lock", "edge.yml"));
    await rm(place.at("cache"), { recursive: true });
    for (const name of server.files.keys()) if (/^(stale|good|extras)\//.test(name)) server.files.delete(name);
    await serve("moved", tiny.base);
    for (const name of server.files.keys()) if (name.includes("/repodata/")) server.files.delete(name);
    await serve("moved-extras", tiny.extras);
    // The first mirror has the files, but not these bytes; those of the lock are what counts.
    for (const name of await readdir(path.join(tiny.base, "Packages"))) {
      server.files.set(`forged/Packages/${name}`, await rpmOf({ name: "forged" }));
    }
    offerMetalink([at("forged"), at("moved")]);
    offerExtras([at("moved-extras")]);
    server.requests.length = 0;
    succeeded(await place.compose("build", "edge.yml", "--locked", "--stage", "packages"));
    const asked = server.paths();
    expect(asked.filter((name) => name.includes("repodata"))).toEqual([]);
    expect(asked.filter((name) => /^(metalink|extras)/.test(name)).sort()).toEqual([
      "extras.txt",
      "metalink?repo=base&arch=x86_64",
    ]);

    // With the packages in the cache nobody is asked.
    server.requests.length = 0;
    succeeded(await place.compose("build", "edge.yml", "--locked", "--stage", "packages"));
    expect(server.paths()).toEqual([]);
  });

  it("builds without a network from what it led to", async () => {
    const place = await openWorkplace("offline");
    succeeded(await place.compose("fetch", "edge.yml"));
    server.files.clear();
    succeeded(await place.compose("build", "edge.yml", "--offline", "--stage", "packages"));
  });

  it("fills a vendor directory", async () => {
    const place = await openWorkplace("vendor");
    succeeded(await place.compose("lock", "edge.yml"));
    const vendored = await place.compose("vendor", "edge.yml", "vendored");
    succeeded(vendored);
    const { repositories } = JSON.parse(await readFile(place.at("vendored/vendor.json"), "utf8")) as {
      repositories: { id: string; directory: string; complete: boolean }[];
    };
    expect(repositories.map(({ id, complete }) => [id, complete])).toEqual([
      ["azure-linux", true],
      ["template/0-system", true],
      ["template/1-extras", true],
    ]);
    await rm(place.at("cache"), { recursive: true });
    server.files.clear();
    succeeded(
      await place.compose("build", "edge.yml", "--locked", "--offline", "--vendor", "vendored", "--stage", "packages"),
    );
  });

  it("says why none of its mirrors helps", async () => {
    offerMetalink([DEAD, at("stale")]);
    const place = await openWorkplace("none");
    const { exitCode, stderr } = await place.compose("lock", "edge.yml");
    expect(exitCode).toBe(1);
    expect(errorOf(stderr)).toBe(
      'Cannot fetch "repodata/repomd.xml" of the repository "azure-linux": all 2 mirrors that were asked failed',
    );
    expect(stderr).toMatch(/Cannot reach "http:\/\/127\.0\.0\.1:9\/dead/);
    expect(stderr).toMatch(/\/stale\/repodata\/repomd\.xml": its digest is none of those/);
  });
});

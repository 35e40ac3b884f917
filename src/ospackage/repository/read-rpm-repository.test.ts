import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import { planRpmRepository, type RpmRepositoryPlan, type TestRpm } from "../../../test/fixtures/rpm-metadata.ts";
import {
  KEY_DATE,
  makeKey,
  NOW,
  sha256Of,
  signDetached,
  type TestKey,
} from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import type { BuildEvent } from "../../core/index.ts";
import { type RpmIndex, withFileOwners } from "../rpm/index.ts";
import { readFileOwners, readRpmRepository } from "./read-rpm-repository.ts";
import type { RepositoryIndex, RpmRepositorySource } from "./repository.ts";

const PACKAGES: readonly TestRpm[] = [
  { name: "bash", format: "<file>/usr/bin/bash</file>", files: ["/usr/bin/bash", "/usr/share/bash/x"] },
  { name: "zlib", version: "1.3", architecture: "noarch" },
];
const REPOMD = "base/repodata/repomd.xml";

let host: ReturnType<typeof testHost>;
let server: FaultyServer;
let directory: string;
let events: BuildEvent[];
let [alice, mallory, expired]: TestKey[] = [];

beforeAll(async () => {
  const seconds = (NOW.getTime() - KEY_DATE.getTime()) / 1000 - 3600;
  [alice, mallory, expired] = await Promise.all([makeKey(), makeKey(), makeKey({ expiresAfterSeconds: seconds })]);
});
beforeEach(async () => {
  host = testHost(NOW);
  events = [];
  server = await startFaultyServer();
  directory = mkdtempSync(path.join(tmpdir(), "read-rpm-repository-"));
  writeFileSync(path.join(directory, "alice.asc"), key(alice).armoredPublic);
  writeFileSync(path.join(directory, "expired.asc"), key(expired).armoredPublic);
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

function source(changes: Partial<RpmRepositorySource> = {}): RpmRepositorySource {
  return {
    kind: "rpm",
    id: "base",
    canonicalUrl: "http://rpm.example.org/base",
    urls: [`${server.url}/base`],
    keys: [{ file: path.join(directory, "alice.asc"), fingerprints: [key(alice).fingerprint] }],
    foreignKeys: false,
    gpgCheck: true,
    repoGpgCheck: true,
    priority: 500,
    ...changes,
  };
}

const options = (changes = {}) => ({
  architecture: "x86_64",
  cacheDir: path.join(directory, "cache"),
  offline: false,
  emit: (event: BuildEvent): void => void events.push(event),
  ...changes,
});

function read(changes: Partial<RpmRepositorySource> = {}, optionChanges = {}): Promise<RepositoryIndex<RpmIndex>> {
  return readRpmRepository(host, source(changes), options(optionChanges));
}

async function serve(plan: Partial<RpmRepositoryPlan> = {}, signers = [key(alice)], place = "base"): Promise<void> {
  for (const [name, content] of planRpmRepository({ packages: PACKAGES, ...plan })) {
    server.files.set(`${place}/${name}`, content);
  }
  const repomd = Buffer.from(server.files.get(`${place}/repodata/repomd.xml`) ?? []).toString("utf8");
  if (signers.length === 0) return;
  server.files.set(`${place}/repodata/repomd.xml.asc`, Buffer.from(await signDetached(repomd, signers)));
}

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

describe("readRpmRepository()", () => {
  it.each([["" as const], [".gz" as const], [".zst" as const], [".xz" as const], [".bz2" as const]])(
    "reads and verifies primary.xml%s",
    async (ending) => {
      if (ending === ".xz" || ending === ".bz2") expect(has(ending === ".xz" ? "xz" : "bzip2")).toBe(true);
      await serve({ ending });
      const repository = await read();
      expect([...repository.index.names()]).toEqual(["bash", "zlib"]);
      expect(repository).toMatchObject({
        signedBy: key(alice).fingerprint,
        verified: true,
        dateSeconds: 1_767_600_000,
        metadataSha256: sha256Of(server.files.get(REPOMD) ?? ""),
      });
    },
  );

  it("knows SHA-512", async () => {
    await serve({ algorithm: "sha512" });
    expect((await read()).index.packageCount).toBe(2);
  });

  it("asks only whether anything changed, the second time, and nothing at all offline", async () => {
    await serve();
    await read();
    server.requests.length = 0;
    await read();
    expect(server.requests.map(({ path: place, status }) => [place, status])).toEqual([[REPOMD, 304]]);
    server.requests.length = 0;
    expect((await read({}, { offline: true })).index.packageCount).toBe(2);
    expect(server.requests).toEqual([]);
  });

  it("takes unsigned metadata where the distribution signs packages only", async () => {
    await serve({}, []);
    const repository = await read({ repoGpgCheck: false });
    expect(repository).toMatchObject({ verified: true });
    expect(repository.signedBy).toBeUndefined();
    expect(events.filter(({ type }) => type === "warning")).toEqual([]);
  });

  it.each([
    ["UNVERIFIED_REPOSITORY", { gpgCheck: false, repoGpgCheck: false }],
    ["FOREIGN_KEYS", { foreignKeys: true }],
  ])("warns: %s", async (code, changes) => {
    await serve();
    await read(changes);
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", code }));
  });

  it("asks the next mirror when one fails, and says so", async () => {
    await serve({}, undefined, "second");
    server.files.set("first/repodata/repomd.xml", Buffer.from(server.files.get("second/repodata/repomd.xml") ?? []));
    server.files.set(
      "first/repodata/repomd.xml.asc",
      Buffer.from(server.files.get("second/repodata/repomd.xml.asc") ?? []),
    );
    server.files.set("first/repodata/primary.xml.gz", Buffer.from("damaged"));
    const urls = ["http://127.0.0.1:9/", `${server.url}/first`, `${server.url}/second/`] as const;
    expect((await read({ urls })).index.packageCount).toBe(2);
    expect(events.filter(({ type }) => type === "warning").map((event) => "code" in event && event.code)).toContain(
      "RETRY",
    );
  });

  it("reads metadata from where xml:base says", async () => {
    await serve({ base: `${server.url}/elsewhere/` });
    for (const [name, content] of [...server.files]) {
      if (!name.includes("primary")) continue;
      server.files.set(name.replace("base/", "elsewhere/"), content);
      server.files.delete(name);
    }
    expect((await read()).index.packageCount).toBe(2);
  });

  const primary = "base/repodata/primary.xml.gz";
  const flip = (name: string) => () => {
    const bytes = Buffer.from(server.files.get(name) ?? []);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    server.files.set(name, bytes);
  };
  it.each<[code: string, what: string, plan: Partial<RpmRepositoryPlan>, signer: () => TestKey[], spoil?: () => void]>([
    ["REPOSITORY_SIGNATURE_MISSING", "no signature", {}, () => []],
    ["REPOSITORY_KEY_UNKNOWN", "a signature by another key", {}, () => [key(mallory)]],
    ["REPOSITORY_SIGNATURE_INVALID", "a changed repomd.xml", {}, () => [key(alice)], flip(REPOMD)],
    ["REPOSITORY_DIGEST_MISMATCH", "a changed primary.xml", {}, () => [key(alice)], flip(primary)],
    ["REPOSITORY_NOT_FOUND", "no primary.xml", {}, () => [key(alice)], () => void server.files.delete(primary)],
    ["REPOSITORY_NOT_FOUND", "no repomd.xml", {}, () => [key(alice)], () => void server.files.delete(REPOMD)],
    ["REPOSITORY_WEAK_DIGEST", "SHA-1", { algorithm: "sha1" }, () => [key(alice)]],
    [
      "REPOSITORY_TRUNCATED",
      "less than repomd.xml says",
      { repomd: (text) => text.replace(/<size>\d+/, "<size>100000") },
      () => [key(alice)],
    ],
    [
      "REPOSITORY_DIGEST_MISMATCH",
      "another plain digest than repomd.xml says",
      { repomd: (text) => text.replace(/(<open-checksum type="sha256">)[0-9a-f]{4}/, "$1dead") },
      () => [key(alice)],
    ],
    [
      "REPOSITORY_METADATA_INVALID",
      "more plain text than repomd.xml says",
      { repomd: (text) => text.replace(/<open-size>\d+/, "<open-size>10") },
      () => [key(alice)],
    ],
    ["REPOSITORY_METADATA_INVALID", "no XML", { repomd: () => "<html></html>" }, () => [key(alice)]],
  ])("%s: %s", async (code, _, plan, signer, spoil) => {
    await serve(plan, signer());
    spoil?.();
    await expect(read()).rejects.toMatchObject({ code });
    expect(readKept()).toEqual([]);
  });

  it("refuses an expired key", async () => {
    await serve({}, [key(expired)]);
    const keys = [{ file: path.join(directory, "expired.asc"), fingerprints: [] }];
    await expect(read({ keys })).rejects.toMatchObject({ code: "REPOSITORY_KEY_UNUSABLE" });
  });

  it("refuses metadata that are older than those it has seen", async () => {
    await serve();
    await read();
    await serve({ timestampSeconds: 1_767_500_000 });
    await expect(read()).rejects.toMatchObject({ code: "REPOSITORY_REPLAYED" });
  });

  it("leaves out packages that cannot be used, and says so once for each who reads", async () => {
    const broken = [...PACKAGES, { name: "odd", version: "1 2" }, { name: "worse", release: "1%{?dist}" }];
    await serve({ packages: broken });
    expect([...(await read()).index.names()]).toEqual(["bash", "zlib"]);
    const warning = {
      type: "warning",
      stage: "packages",
      code: "REPOSITORY",
      message:
        `The repository "base" (${server.url}/base) leaves out 2 packages that cannot be used; the first: ` +
        'the package "odd" has the version "0:1 2-1", which is none',
    };
    const warnings = (): unknown => events.filter(({ type }) => type === "warning");
    expect(warnings()).toEqual([warning]);
    events = [];
    // From the cache: nothing is parsed again.
    const others: BuildEvent[] = [];
    const emit = (event: BuildEvent): void => void others.push(event);
    expect((await read({}, { offline: true, emit })).index.packageCount).toBe(2);
    await read({}, { offline: true, emit });
    expect(others.filter(({ type }) => type === "warning")).toEqual([warning]);
    await serve({ timestampSeconds: 1_767_700_000 });
    await read();
    expect(warnings()).toEqual([]);
  });

  it("cannot read offline what it never read", async () => {
    await expect(read({}, { offline: true })).rejects.toMatchObject({ code: "REPOSITORY_OFFLINE" });
  });

  /** Names of what is kept of repositories. */
  function readKept(): string[] {
    return spawnSync("find", [path.join(directory, "cache"), "-type", "f"], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line !== "");
  }
});

describe("readFileOwners()", () => {
  it("finds owners in the file lists, and keeps what it found", async () => {
    await serve();
    const { index } = await read();
    const [bash] = index.byName("bash");
    const paths = ["/usr/share/bash/x", "/nowhere"];
    const owners = await readFileOwners(host, source(), paths, options());
    expect([...owners]).toEqual([
      ["/usr/share/bash/x", [bash?.sha256]],
      ["/nowhere", []],
    ]);
    server.requests.length = 0;
    expect(await readFileOwners(host, source(), paths, options({ offline: true }))).toEqual(owners);
    expect(server.requests).toEqual([]);
  });

  it("knows no owners where there are no file lists, and says so once", async () => {
    await serve({ repomd: (text) => text.replace(/<data type="filelists">[^]*?<\/data>/, "") });
    const { index } = await read();
    const settings = options();
    for (const offline of [false, true]) {
      const owners = await readFileOwners(host, source(), ["/usr/bin/bash", "/x"], { ...settings, offline });
      expect([...owners]).toEqual([
        ["/usr/bin/bash", []],
        ["/x", []],
      ]);
      expect(withFileOwners(index, owners).ownersOf("/usr/bin/bash")).toEqual(index.byName("bash"));
    }
    expect(events.filter(({ type }) => type === "warning")).toEqual([
      expect.objectContaining({
        code: "REPOSITORY",
        message: expect.stringContaining(`The repository "base" (${server.url}/base) has no file lists`) as string,
      }),
    ]);
  });

  it("refuses file lists that were changed", async () => {
    await serve();
    await read();
    const changed = Buffer.from(server.files.get("base/repodata/filelists.xml.gz") ?? "");
    changed.writeUInt8(changed.readUInt8(20) ^ 1, 20);
    server.files.set("base/repodata/filelists.xml.gz", changed);
    await expect(readFileOwners(host, source(), ["/x"], options())).rejects.toMatchObject({
      code: "REPOSITORY_DIGEST_MISMATCH",
    });
  });
});

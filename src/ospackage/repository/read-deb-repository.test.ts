import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import {
  NOW,
  type RepositoryPlan,
  type TestKey,
  makeKey,
  packageStanza,
  planRepository,
  sha256Of,
  signCleartext,
  signDetached,
} from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import type { BuildEvent } from "../../core/index.ts";
import { readDebRepository } from "./read-deb-repository.ts";
import type { DebRepositorySource, RepositoryIndex } from "./repository.ts";

const MAIN = "main/binary-amd64/Packages";
const PACKAGES = {
  [MAIN]: [packageStanza("bash"), packageStanza("zlib1g", { architecture: "all" })].join("\n"),
  "contrib/binary-amd64/Packages": packageStanza("extra"),
};
const DIST = "debian/dists/trixie/";
const hasXz = spawnSync("xz", ["--version"]).status === 0;

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
  directory = mkdtempSync(path.join(tmpdir(), "read-deb-repository-"));
  writeFileSync(path.join(directory, "alice.asc"), key(alice).armoredPublic);
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

function source(changes: Partial<DebRepositorySource> = {}): DebRepositorySource {
  return {
    kind: "deb",
    id: "debian/trixie",
    canonicalUrl: "http://archive.example.org/debian",
    url: `${server.url}/debian`,
    suite: "trixie",
    components: ["main", "contrib"],
    keys: [{ file: path.join(directory, "alice.asc"), fingerprints: [key(alice).fingerprint] }],
    foreignKeys: false,
    gpgCheck: true,
    priority: 500,
    ...changes,
  };
}

function read(changes: Partial<DebRepositorySource> = {}, options = {}): Promise<RepositoryIndex> {
  const emit = (event: BuildEvent): void => void events.push(event);
  const cacheDir = path.join(directory, "cache");
  return readDebRepository(host, source(changes), {
    architecture: "amd64",
    cacheDir,
    offline: false,
    emit,
    ...options,
  });
}

interface Publication extends Partial<RepositoryPlan> {
  readonly signers?: readonly (TestKey | undefined)[];
  readonly detached?: boolean;
  readonly below?: string;
}

/** Puts a repository on the server, in place of what was there. */
async function publish({
  signers = [alice],
  detached = false,
  below = DIST,
  ...plan
}: Publication = {}): Promise<void> {
  const { files, release } = planRepository({ packages: PACKAGES, ...plan });
  server.files.clear();
  for (const [file, content] of files) server.files.set(below + file, content);
  const keys = signers.map(key);
  if (detached) {
    server.files.set(`${below}Release`, Buffer.from(release));
    server.files.set(`${below}Release.gpg`, Buffer.from(await signDetached(release, keys)));
  } else {
    server.files.set(`${below}InRelease`, Buffer.from(await signCleartext(release, keys)));
  }
}

function namesOf({ index }: RepositoryIndex): string[] {
  return [...index.names()];
}

function kept(ending: string): string {
  const repositories = path.join(directory, "cache", "repositories");
  const [name = ""] = readdirSync(repositories);
  const file = readdirSync(path.join(repositories, name)).find((candidate) => candidate.endsWith(ending));
  return path.join(repositories, name, file ?? ending);
}

describe("readDebRepository()", () => {
  it("verifies InRelease and merges the components into one index", async () => {
    await publish();
    const result = await read();
    expect(namesOf(result)).toEqual(["bash", "extra", "zlib1g"]);
    expect(result).toMatchObject({
      verified: true,
      signedBy: key(alice).fingerprint,
      dateSeconds: Date.UTC(2026, 0, 5, 12) / 1000,
      metadataSha256: sha256Of(server.files.get(`${DIST}InRelease`) ?? ""),
    });
    expect(events.filter(({ type }) => type === "warning")).toEqual([]);
  });

  it("takes Release and Release.gpg where there is no InRelease", async () => {
    await publish({ detached: true });
    expect(await read()).toMatchObject({ verified: true, signedBy: key(alice).fingerprint });
    server.files.delete(`${DIST}Release.gpg`);
    rmSync(path.join(directory, "cache"), { recursive: true });
    await expect(read()).rejects.toMatchObject({ code: "REPOSITORY_SIGNATURE_MISSING" });
  });

  it.each([
    [["", ".gz"], ".gz"],
    [["", ".gz", ".zst"], ".zst"],
    [["", ".gz", ".zst", ".xz"], ".xz"],
    [[""], ""],
  ] as const)("of %j takes %s", async (endings, taken) => {
    if (taken === ".xz" && !hasXz) return;
    await publish({ endings });
    expect(namesOf(await read())).toContain("bash");
    expect(server.paths()).toContain(DIST + MAIN + taken);
  });

  it("fetches by digest where the repository offers that, and by name where the server does not", async () => {
    await publish({ fields: { "Acquire-By-Hash": "yes" } });
    const content = server.files.get(`${DIST}${MAIN}.gz`) ?? new Uint8Array();
    const byHash = `${DIST}main/binary-amd64/by-hash/SHA256/${sha256Of(content)}`;
    server.files.set(byHash, content);
    server.files.set(`${DIST}${MAIN}.gz`, Buffer.from("of a later update"));
    expect(namesOf(await read())).toContain("extra");
    expect(server.requests).toContainEqual(expect.objectContaining({ path: byHash, status: 200 }));
  });

  it("reads a flat repository", async () => {
    const fields = { Suite: undefined, Codename: undefined, Architectures: undefined, Components: undefined };
    for (const [suite, below] of [
      ["./", "debian/"],
      ["extra/", "debian/extra/"],
    ] as const) {
      await publish({ packages: { Packages: packageStanza("flat") }, fields, below });
      const result = await read({ suite, components: [] });
      expect(result.index.byName("flat")).toMatchObject([{ path: "pool/flat_1.0-1_amd64.deb" }]);
    }
  });

  it("reads packages for all from an index of their own", async () => {
    const packages = {
      [MAIN]: packageStanza("bash"),
      "main/binary-all/Packages": packageStanza("docs", { architecture: "all" }),
    };
    await publish({ packages, fields: { Architectures: "all amd64" } });
    expect(namesOf(await read({ components: ["main"] }))).toEqual(["bash", "docs"]);
  });

  it("reads an empty component without fetching it", async () => {
    await publish({ packages: { ...PACKAGES, "contrib/binary-amd64/Packages": "" } });
    expect(namesOf(await read())).toEqual(["bash", "zlib1g"]);
    expect(server.paths().filter((name) => name.includes("contrib"))).toEqual([]);
  });

  it("recovers from a dropped connection", async () => {
    await publish({ endings: [""] });
    server.faults.set(DIST + MAIN, [{ kind: "cut", afterBytes: 60 }]);
    expect(namesOf(await read())).toContain("bash");
  });
});

describe("readDebRepository() refuses", () => {
  it.each([
    ["an unknown signer", { signers: [() => mallory] }, {}, "REPOSITORY_KEY_UNKNOWN"],
    ["another suite", { fields: { Suite: "x", Codename: "y" } }, {}, "REPOSITORY_METADATA_INVALID"],
    ["weak digests", { fields: { SHA256: undefined, MD5Sum: " x" } }, {}, "REPOSITORY_WEAK_DIGEST"],
    ["expired metadata", { fields: { "Valid-Until": "Tue, 06 Jan 2026 00:00:00 UTC" } }, {}, "REPOSITORY_EXPIRED"],
    ["another architecture", { fields: { Architectures: "s390x" } }, {}, "REPOSITORY_METADATA_INVALID"],
    ["an unknown component", {}, { components: ["non-free"] }, "REPOSITORY_METADATA_INVALID"],
    ["an unknown suite", {}, { suite: "sid" }, "REPOSITORY_NOT_FOUND"],
    ["a stanza without digest", { packages: broken("SHA256") }, {}, "REPOSITORY_METADATA_INVALID"],
    ["a wrong digest of the plain file", { table: wrongPlainDigest }, {}, "REPOSITORY_DIGEST_MISMATCH"],
    ["a bomb", { table: tinyPlainSize }, {}, "REPOSITORY_METADATA_INVALID"],
  ] as const)("%s", async (_, plan, changes, code) => {
    const signers = "signers" in plan ? plan.signers.map((signer) => signer()) : [alice];
    await publish({ ...plan, signers });
    await expect(read(changes)).rejects.toMatchObject({ code, message: expect.stringContaining("http://") as string });
  });

  it.each([
    [{ kind: "flip", at: 30 }, "REPOSITORY_DIGEST_MISMATCH"],
    [{ kind: "short", sizeBytes: 30 }, "REPOSITORY_TRUNCATED"],
    [{ kind: "status", status: 500 }, "REPOSITORY_HTTP_ERROR"],
    [{ kind: "status", status: 404 }, "REPOSITORY_NOT_FOUND"],
  ] as const)("an index that arrives with %j", async (fault, code) => {
    await publish();
    server.settings.ranges = false;
    server.faults.set(`${DIST}${MAIN}.gz`, [fault, fault, fault, fault]);
    await expect(read()).rejects.toMatchObject({ code, message: expect.stringContaining(MAIN) as string });
    server.faults.clear();
    expect(namesOf(await read())).toContain("bash");
  });

  it("older metadata than it saw before, without forgetting that", async () => {
    await publish();
    const old = new Map(server.files);
    await publish({ fields: { Date: "Mon, 05 Jan 2026 13:00:00 UTC" } });
    await read();
    for (const [file, content] of old) server.files.set(file, content);
    await expect(read()).rejects.toMatchObject({ code: "REPOSITORY_REPLAYED" });
    await expect(read()).rejects.toThrowError("2026-01-05T12:00:00Z, older than that of 2026-01-05T13:00:00Z");
  });

  it("metadata that expired since it was kept", async () => {
    await publish({ fields: { "Valid-Until": "Wed, 07 Jan 2026 00:00:00 UTC" } });
    await read();
    host.clock.now = new Date("2026-01-07T00:00:00Z");
    await expect(read()).rejects.toMatchObject({ code: "REPOSITORY_EXPIRED" });
    await expect(read({}, { offline: true })).rejects.toMatchObject({ code: "REPOSITORY_EXPIRED" });
  });

  it("to show the password of an address", async () => {
    const url = `${server.url.replace("//", "//me:secret@")}/debian`;
    const failure: unknown = await read({ url }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
    expect(JSON.stringify([failure, String(failure), events])).not.toContain("secret");
  });
});

describe("readDebRepository() with what was kept", () => {
  it("asks only whether there is something newer", async () => {
    await publish();
    const first = await read();
    server.requests.length = 0;
    const second = await read();
    expect(server.requests).toMatchObject([{ path: `${DIST}InRelease`, status: 304 }]);
    expect(second.metadataSha256).toBe(first.metadataSha256);
    expect(namesOf(second)).toEqual(namesOf(first));
  });

  it("works without validators as well, and keeps one index only", async () => {
    server.settings.etags = false;
    await publish();
    await read();
    await publish({ packages: { ...PACKAGES, [MAIN]: packageStanza("newer") } });
    expect(namesOf(await read())).toEqual(["extra", "newer"]);
    expect(readdirSync(path.dirname(kept(".index"))).filter((name) => name.endsWith(".index"))).toHaveLength(1);
  });

  it("reads it offline, and says when there is nothing", async () => {
    await publish();
    await expect(read({}, { offline: true })).rejects.toMatchObject({ code: "REPOSITORY_OFFLINE" });
    await read();
    server.requests.length = 0;
    expect(namesOf(await read({}, { offline: true }))).toContain("bash");
    expect(server.requests).toEqual([]);
    await expect(read({}, { offline: true, architecture: "arm64" })).rejects.toMatchObject({
      code: "REPOSITORY_METADATA_INVALID",
    });
  });

  it("verifies it again with the keys of now", async () => {
    await publish();
    await read();
    writeFileSync(path.join(directory, "mallory.asc"), key(mallory).armoredPublic);
    const keys = [{ file: path.join(directory, "mallory.asc"), fingerprints: [] }];
    await expect(read({ keys }, { offline: true })).rejects.toMatchObject({ code: "REPOSITORY_KEY_UNKNOWN" });
  });

  it.each([".index", "metadata.json"])("fetches again what is damaged: %s", async (name) => {
    await publish();
    await read();
    const content = readFileSync(kept(name));
    content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
    writeFileSync(kept(name), content);
    expect(namesOf(await read())).toContain("bash");
    expect(namesOf(await read({}, { offline: true }))).toContain("bash");
  });

  it("two at once both end well", async () => {
    await publish();
    const both = await Promise.all([read(), read()]);
    expect(both.map(namesOf)).toEqual([namesOf(both[0]), namesOf(both[0])]);
    expect(namesOf(await read({}, { offline: true }))).toContain("bash");
  });
});

describe("readDebRepository() warns", () => {
  it("of a repository that nobody verifies, and says so in the result", async () => {
    await publish({ signers: [mallory] });
    const result = await read({ gpgCheck: false, keys: [] });
    expect(result.verified).toBe(false);
    expect(result.signedBy).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "UNVERIFIED_REPOSITORY" }));
    server.files.delete(`${DIST}InRelease`);
    const { release } = planRepository({ packages: PACKAGES });
    server.files.set(`${DIST}Release`, Buffer.from(release));
    expect(namesOf(await read({ gpgCheck: false, keys: [] }))).toContain("bash");
  });

  it("of keys that are not the provider's", async () => {
    await publish();
    await read({ foreignKeys: true });
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "FOREIGN_KEYS" }));
  });
});

function broken(field: string): Record<string, string> {
  return { [MAIN]: packageStanza("bash").replace(new RegExp(`^${field}: .*\n`, "m"), ""), ...contribOnly() };
}

function contribOnly(): Record<string, string> {
  return { "contrib/binary-amd64/Packages": packageStanza("extra") };
}

function wrongPlainDigest(line: string): string {
  return line.endsWith("/Packages") ? line.replace(/[0-9a-f]{64}/, "0".repeat(64)) : line;
}

function tinyPlainSize(line: string): string {
  return line.endsWith("/Packages") ? line.replace(/ \d+ /, " 10 ") : line;
}

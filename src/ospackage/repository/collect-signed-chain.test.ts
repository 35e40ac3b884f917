import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import { planRpmRepository } from "../../../test/fixtures/rpm-metadata.ts";
import {
  makeKey,
  NOW,
  packageStanza,
  planRepository,
  signCleartext,
  signDetached,
  type TestKey,
} from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { noEvents, type Sha256Hex, sha256 } from "../../core/index.ts";
import { collectSignedChain } from "./collect-signed-chain.ts";
import type { DebRepositorySource, RpmRepositorySource } from "./repository.ts";
import type { SignedChain, SignedChainOptions } from "./signed-chain.ts";

const OLD = new Date("2026-01-04T00:00:00Z");
const DIST = "dists/trixie";
const PRIMARY = /^repodata\/.*primary\.xml/;

let host: ReturnType<typeof testHost>;
let server: FaultyServer;
let directory: string;
let alice: TestKey;
let mallory: TestKey;
beforeAll(async () => {
  [alice, mallory] = await Promise.all([makeKey(), makeKey()]);
});
beforeEach(async () => {
  host = testHost(NOW);
  server = await startFaultyServer();
  directory = mkdtempSync(path.join(tmpdir(), "signed-chain-"));
  writeFileSync(path.join(directory, "alice.asc"), alice.armoredPublic);
});
afterEach(async () => {
  await host.http.close();
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const shared = () => ({
  id: "test",
  canonicalUrl: "http://archive.example.org",
  keys: [{ file: path.join(directory, "alice.asc"), fingerprints: [] }],
  foreignKeys: false,
  gpgCheck: true,
  priority: 500,
});
const debSource = (changes: Partial<DebRepositorySource> = {}): DebRepositorySource => ({
  ...shared(),
  kind: "deb",
  url: `${server.url}/now`,
  suite: "trixie",
  components: ["main"],
  ...changes,
});
const rpmSource = (changes: Partial<RpmRepositorySource> = {}): RpmRepositorySource => ({
  ...shared(),
  kind: "rpm",
  urls: [`${server.url}/now`],
  repoGpgCheck: true,
  ...changes,
});

function collect(source: DebRepositorySource | RpmRepositorySource, options: Partial<SignedChainOptions>) {
  return collectSignedChain(host, source, {
    architecture: source.kind === "deb" ? "amd64" : "x86_64",
    metadataSha256: sha256("none"),
    archiveUrls: [],
    known: new Map(),
    cacheDir: path.join(directory, "cache"),
    offline: false,
    emit: noEvents,
    ...options,
  });
}

/** @returns the digest of its signed metadata */
async function serveDeb(
  place: string,
  { name = "bash", signer = alice, detached = false, date = OLD } = {},
): Promise<Sha256Hex> {
  const fields = { Components: "main", Date: date.toUTCString().replace("GMT", "UTC") };
  const packages = { "main/binary-amd64/Packages": packageStanza(name) };
  const { files, release } = planRepository({ packages, endings: [".gz"], fields });
  for (const [file, content] of files) server.files.set(`${place}/${DIST}/${file}`, content);
  const metadata = detached ? release : await signCleartext(release, [signer]);
  server.files.set(`${place}/${DIST}/${detached ? "Release" : "InRelease"}`, Buffer.from(metadata));
  if (detached) {
    server.files.set(`${place}/${DIST}/Release.gpg`, Buffer.from(await signDetached(release, [signer])));
  }
  return sha256(metadata);
}

async function serveRpm(place: string, { name = "bash", signer = alice } = {}): Promise<Sha256Hex> {
  const files = planRpmRepository({ packages: [{ name }] });
  for (const [file, content] of files) server.files.set(`${place}/${file}`, content);
  const repomd = Buffer.from(files.get("repodata/repomd.xml") ?? "").toString("utf8");
  server.files.set(`${place}/repodata/repomd.xml.asc`, Buffer.from(await signDetached(repomd, [signer])));
  return sha256(repomd);
}

const pathsOf = (chain: SignedChain | undefined) => chain?.files.map((file) => file.path);

/** Keeps the files of a chain as a vendor directory does. */
function keep(chain: SignedChain | undefined): ReadonlyMap<Sha256Hex, string> {
  return new Map(
    (chain?.files ?? []).map(({ path: below, content }) => {
      const file = path.join(directory, "kept", below);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      return [sha256(content), file] as const;
    }),
  );
}

describe("collectSignedChain()", () => {
  it.each([
    { detached: false, names: ["InRelease"] },
    { detached: true, names: ["Release", "Release.gpg"] },
  ])("keeps a suite's metadata byte for byte: $names", async ({ detached, names }) => {
    const metadataSha256 = await serveDeb("now", { detached });
    const chain = await collect(debSource(), { metadataSha256 });
    expect(pathsOf(chain)).toEqual([...names, "main/binary-amd64/Packages.gz"].map((name) => `${DIST}/${name}`));
    for (const { path: below, content } of chain?.files ?? []) {
      expect(Buffer.from(content).equals(server.files.get(`now/${below}`) ?? Buffer.of())).toBe(true);
    }
    expect(chain).toMatchObject({ metadataSha256, signedBy: alice.fingerprint, faults: [] });
    expect(chain?.index?.byName("bash")).toHaveLength(1);
    server.requests.length = 0;
    server.files.clear();
    const again = await collect(debSource(), { metadataSha256, known: keep(chain), offline: true });
    expect(again?.files).toEqual(chain?.files);
    expect([again?.faults, server.requests]).toEqual([[], []]);
  });

  it("keeps repomd.xml, its signature and the primary metadata", async () => {
    const metadataSha256 = await serveRpm("now");
    const chain = await collect(rpmSource(), { metadataSha256 });
    expect(pathsOf(chain)).toEqual([
      "repodata/repomd.xml",
      "repodata/repomd.xml.asc",
      expect.stringMatching(PRIMARY) as unknown,
    ]);
    expect(chain).toMatchObject({ metadataSha256, signedBy: alice.fingerprint, faults: [] });
    expect(chain?.index?.byName("bash")).toHaveLength(1);
    server.files.clear();
    const again = await collect(rpmSource(), { metadataSha256, known: keep(chain), offline: true });
    expect(again?.files).toEqual(chain?.files);
    expect(again).toMatchObject({ signedBy: alice.fingerprint, faults: [] });
  });

  it("passes over mirrors whose metadata nobody vouches for", async () => {
    const metadataSha256 = await serveRpm("good");
    await serveRpm("forged", { name: "zsh", signer: mallory });
    await serveRpm("unsigned", { name: "zsh" });
    server.files.delete("unsigned/repodata/repomd.xml.asc");
    server.files.set("portal/repodata/repomd.xml", Buffer.from("<html>Log in</html>"));
    const behind = (...places: readonly string[]): RpmRepositorySource => {
      server.files.set("list", Buffer.from(places.map((place) => `${server.url}/${place}/\n`).join("")));
      return rpmSource({ urls: [`mirror+${server.url}/list`] });
    };
    const chain = await collect(behind("forged", "unsigned", "good"), { metadataSha256 });
    expect(chain).toMatchObject({ metadataSha256, signedBy: alice.fingerprint, faults: [] });
    host = testHost(NOW);
    const newest = await collect(behind("unsigned", "good"), {});
    expect(newest).toMatchObject({ metadataSha256, signedBy: alice.fingerprint });
    host = testHost(NOW);
    const unchecked = await collect({ ...behind("portal", "good"), repoGpgCheck: false }, {});
    expect(unchecked).toMatchObject({ metadataSha256 });
  });

  it("takes what the lock names from the first mirror that has it, whatever its signature is worth", async () => {
    const metadataSha256 = await serveRpm("now", { signer: mallory });
    await serveRpm("other", { name: "zsh" });
    const chain = await collect(rpmSource({ urls: [`${server.url}/now`, `${server.url}/other`] }), { metadataSha256 });
    expect(chain?.metadataSha256).toBe(metadataSha256);
    expect(chain?.faults).toEqual([expect.stringMatching(/^its signature is not valid today \(/)]);
  });

  it("takes metadata without a signature where none is asked for", async () => {
    const metadataSha256 = await serveRpm("now");
    const chain = await collect(rpmSource({ repoGpgCheck: false }), { metadataSha256 });
    expect([chain?.signedBy, chain?.faults]).toEqual([undefined, []]);
  });

  it("prefers what the lock names, in archives, to what is newer, and else says what it has", async () => {
    const metadataSha256 = await serveDeb("then");
    const newer = await serveDeb("now", { name: "zsh", date: NOW });
    const archiveUrls = [`${server.url}/gone`, `${server.url}/then`];
    expect(await collect(debSource(), { metadataSha256, archiveUrls })).toMatchObject({ metadataSha256, faults: [] });
    const other = await collect(debSource(), { metadataSha256 });
    expect(other).toMatchObject({ metadataSha256: newer, dateSeconds: NOW.getTime() / 1000 });
    expect(other?.index?.byName("bash")).toEqual([]);
  });

  it("never takes newer metadata that nobody trusted signed", async () => {
    const metadataSha256 = await serveDeb("then");
    await serveDeb("now", { signer: mallory, date: NOW });
    expect(await collect(debSource(), { metadataSha256 })).toBeUndefined();
  });

  it("says that the lock's own metadata has a signature that counts no more", async () => {
    const metadataSha256 = await serveDeb("now", { signer: mallory });
    const chain = await collect(debSource(), { metadataSha256 });
    expect(chain?.signedBy).toBeUndefined();
    expect(chain?.faults).toEqual([expect.stringMatching(/^its signature is not valid today \(/)]);
  });

  it("names an index that is gone, damaged, or not what it was", async () => {
    const index = `${DIST}/main/binary-amd64/Packages.gz`;
    const metadataSha256 = await serveDeb("now");
    server.files.set(`now/${index}`, Buffer.from("other"));
    const chain = await collect(debSource(), { metadataSha256 });
    expect([pathsOf(chain), chain?.index]).toEqual([[`${DIST}/InRelease`], undefined]);
    expect(chain?.faults).toEqual([`its "${index}" was not found`]);
  });

  it("ends when it is told to", async () => {
    await serveDeb("now");
    const signal = AbortSignal.abort();
    await expect(collect(debSource(), { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});

import { describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import { type FileDigest, sha256 } from "../core/index.ts";
import type { Lock, LockedPackage, LockedRepository, SignedChain } from "../ospackage/index.ts";
import { planVendorDirectory, repositoryDirectories, type VendorChain } from "./vendor-layout.ts";

const METADATA = Buffer.from("signed metadata");

function repository(id: string, url: string, more: Partial<LockedRepository> = {}): LockedRepository {
  return { id, type: "deb", url, metadataSha256: sha256(METADATA), verified: true, foreignKeys: false, ...more };
}

function locked(name: string, more: Partial<LockedPackage> = {}): LockedPackage {
  return {
    name,
    version: "1:2-3",
    architecture: "amd64",
    sizeBytes: name.length,
    installedSizeBytes: 0,
    sha256: sha256(name),
    repository: "debian/trixie",
    path: `pool/${name}.deb`,
    source: { name, version: "1:2-3" },
    maintainer: "",
    essential: false,
    dependsOn: [],
    preDependsOn: [],
    ...more,
  };
}

const SECRET = "https://me:secret@a.example.org/";
const ARCHIVE = repository("debian/trixie", "http://d.example.org/debian");

function sha512(content: string): FileDigest {
  return createHash("sha512").update(content).digest("hex") as FileDigest;
}

function plan(
  packages: readonly LockedPackage[],
  options: Partial<Lock> & { chain?: VendorChain; misdescribed?: readonly LockedPackage[] } = {},
) {
  const { chain = {}, misdescribed = [], ...more } = options;
  const lock: Lock = {
    schemaVersion: 1,
    providerId: "debian-debian13-x86_64",
    repositories: [ARCHIVE],
    packages,
    toolPackages: [],
    ...more,
  };
  const all = [...lock.packages, ...lock.toolPackages];
  return planVendorDirectory({
    lock,
    lockFile: { name: "my edge.lock.json", content: Buffer.from("{}") },
    stored: new Map(all.map((one) => [one.sha256, `/cache/${one.name}`])),
    misdescribed: new Set(misdescribed),
    chains: new Map([["debian/trixie", chain]]),
  });
}

function chainOf(listed: readonly LockedPackage[], more: Partial<SignedChain> = {}): SignedChain {
  return {
    files: [{ path: "dists/trixie/InRelease", content: METADATA }],
    metadataSha256: sha256(METADATA),
    signedBy: "A".repeat(40),
    index: {
      names: () => listed.map(({ name }) => name),
      byName: (name) =>
        listed
          .filter((one) => one.name === name)
          .map(({ sha256: short, ...one }) => ({
            ...{ ...one, homepage: "", section: "" },
            ...(one.longDigest === undefined ? { sha256: short } : {}),
          })),
    },
    faults: [],
    ...more,
  };
}

describe("repositoryDirectories()", () => {
  it("gives suites of one address one directory, with the name that --mirror knows", () => {
    const directories = repositoryDirectories([
      ARCHIVE,
      repository("debian/trixie-updates", "http://d.example.org/debian/"),
      repository("debian-security/trixie-security", "http://s.example.org"),
      repository("template/0-stable", "https://a.example.org"),
      repository("template/1-stable", "https://b.example.org"),
      repository("template/2-./", "https://c.example.org"),
      repository("debian/other", "http://other.example.org"),
    ]);
    expect([...directories.values()]).toEqual([
      "debian",
      "debian",
      "debian-security",
      "template_0-stable",
      "template_1-stable",
      "template_2-._",
      "debian_other",
    ]);
  });

  it("never gives two addresses the same name, or one of the directory's own", () => {
    const ids = ["keys", "vendor.json", "a b", "a_b", "../up", ".hidden"];
    const names = [...repositoryDirectories(ids.map((id) => repository(id, `http://${sha256(id)}`))).values()];
    expect(new Set(names).size).toBe(ids.length);
    for (const name of names) expect(name).toMatch(/^[^./][^/]*$/);
    expect(names).not.toContain("keys");
  });
});

describe("planVendorDirectory()", () => {
  it("plans each file once, in order, with digests of all but the list of digests", () => {
    const bash = locked("bash");
    const { files, packageCount, packageBytes } = plan([bash], { toolPackages: [bash, locked("mtools")] });
    expect(files.map(({ path }) => path)).toEqual([
      "SHA256SUMS",
      "debian/pool/bash.deb",
      "debian/pool/mtools.deb",
      "my_edge.lock.json",
      "vendor.json",
    ]);
    expect([packageCount, packageBytes]).toEqual([2, 10]);
    const [sums, ...others] = files;
    const text = sums !== undefined && "content" in sums ? Buffer.from(sums.content).toString() : "";
    expect(text).toBe(others.map((file) => `${file.sha256}  ${file.path}\n`).join(""));
  });

  it("names packages beside the template by what they are", () => {
    const local = repository("template/0-own", "../own", { type: "local" });
    const own = locked("own", { repository: "template/0-own", path: "../own/x.deb" });
    const { files, repositories } = plan([own], { repositories: [local] });
    expect(files.map(({ path }) => path)).toContain("template_0-own/own_1_2-3_amd64.deb");
    expect(repositories).toMatchObject([{ complete: true, metadata: [] }]);
  });

  it("refuses a lock whose files would be in each other's place, or outside", () => {
    const forged = locked("bash", { path: "dists/trixie/InRelease" });
    expect(() => plan([forged], { chain: { chain: chainOf([]) } })).toThrow(/two files would be "debian\/dists/);
    expect(() => plan([locked("bash", { path: "../../etc/passwd" })])).toThrow(/no place in a directory/);
  });

  it.each<[string, VendorChain, RegExp | undefined]>([
    ["complete", { chain: chainOf([locked("bash")]) }, undefined],
    ["without metadata", {}, /^no signed metadata was found$/],
    [
      "another package",
      { chain: chainOf([locked("bash", { sha256: sha256("x") })]) },
      /not vouch for 1 of 1 .*bash 1:2-3$/,
    ],
    ["another place", { chain: chainOf([locked("bash", { path: "x" })]) }, /does not vouch for 1 of 1/],
    ["other metadata", { chain: chainOf([locked("bash")], { metadataSha256: sha256("y") }) }, /another is kept$/],
    ["faults", { chain: chainOf([locked("bash")], { faults: ["it is odd"] }) }, /^it is odd$/],
  ])("says what there is of a repository: %s", (_, chain, warning) => {
    const [described] = plan([locked("bash")], { chain }).repositories;
    expect(described?.complete).toBe(warning === undefined);
    if (warning !== undefined) expect(described?.warning).toMatch(warning);
  });

  it.each<[string, Partial<LockedPackage>, Partial<Record<keyof LockedPackage, unknown>>, boolean]>([
    ["as locked", {}, {}, true],
    ["by another digest", {}, { longDigest: sha512("x") }, false],
    ["by SHA-256 by now", {}, { longDigest: undefined }, true],
    ["by another SHA-256 by now", {}, { longDigest: undefined, sha256: sha256("x") }, false],
    ["below another address", { baseUrl: "https://a.example.org/" }, { baseUrl: "https://b.example.org/" }, false],
    ["below an address of its own", {}, { baseUrl: "https://b.example.org/" }, false],
    ["below an address with a password", { baseUrl: "https://a.example.org/" }, { baseUrl: SECRET }, true],
  ])("compares what metadata lists by SHA-512: %s", (_, own, listed, complete) => {
    const bash = locked("bash", { longDigest: sha512("bash"), ...own });
    const chain = { chain: chainOf([{ ...bash, ...listed } as LockedPackage]) };
    expect(plan([bash], { chain }).repositories).toMatchObject([{ complete }]);
  });

  it("says that metadata does not vouch for bytes that lack the digest by which it lists them", () => {
    const [bash, dash] = [locked("bash", { longDigest: sha512("x") }), locked("dash", { longDigest: sha512("dash") })];
    const chain = { chain: chainOf([bash, dash]) };
    expect(plan([bash, dash], { chain, misdescribed: [bash] }).repositories).toMatchObject([
      { complete: false, warning: "the kept metadata does not vouch for 1 of 2 packages: bash 1:2-3" },
    ]);
  });

  it("says that nobody vouches for a repository whose checks are off", () => {
    const repositories = [{ ...ARCHIVE, verified: false }];
    const [described] = plan([locked("bash")], {
      repositories,
      chain: { chain: chainOf([locked("bash")]) },
    }).repositories;
    expect([described?.complete, described?.warning]).toEqual([false, "nobody vouches for it: checks are off"]);
  });
});

import { describe, expect, it } from "vitest";
import { resolveDeb } from "../resolver/resolve-deb.ts";
import { toyRepository } from "../resolver/toy-repository.ts";
import { createLock, lockDigest } from "./create-lock.ts";

const archive = toyRepository(
  [
    [
      "web 2:1-1",
      { depends: "lib", preDepends: "init", homepage: "https://web.example", source: { name: "w", version: "1" } },
    ],
    ["lib 1", { section: "", priority: "" }],
    ["init 1"],
  ],
  { canonicalUrl: "https://user:secret@archive.example/debian", priority: 700 },
);

function lockOf(requests: readonly string[]) {
  const repositories = [archive];
  const resolution = resolveDeb({
    repositories,
    architecture: "amd64",
    requests: requests.map((text) => ({ text, origin: "test" })),
    includeEssential: false,
  });
  return createLock({
    providerId: "toy-toy1-x86_64",
    repositories,
    resolution,
    toolResolution: { packages: [], edges: [] },
  });
}

describe("createLock()", () => {
  it("holds the packages in installation order with what brought them in", () => {
    const { packages } = lockOf(["web"]);
    expect(packages.map(({ name }) => name)).toEqual(["init", "lib", "web"]);
    expect(packages[2]).toEqual({
      name: "web",
      version: "2:1-1",
      architecture: "amd64",
      sizeBytes: 1000,
      installedSizeBytes: 4096,
      sha256: archive.index.byName("web")[0]?.sha256,
      repository: "toy/stable",
      path: "pool/main/web_2:1-1_amd64.deb",
      source: { name: "w", version: "1" },
      maintainer: "Toy <toy@toy.example>",
      homepage: "https://web.example",
      section: "misc",
      priority: "optional",
      essential: false,
      requestedAs: "web",
      dependsOn: ["init", "lib"],
      preDependsOn: ["init"],
    });
  });

  it("says of each package that nobody asked for which relation brought it in, on a shortest way", () => {
    const packages = toyRepository([
      ["web 1", { depends: "lib (>= 1), mail-agent", preDepends: "init" }],
      ["lib 1", { depends: "deep" }],
      ["deep 1"],
      ["init 1", { depends: "deep | other" }],
      ["exim 1", { provides: "mail-agent" }],
      ["base 1", { essential: true, depends: "lib" }],
    ]);
    const repositories = [packages];
    const requests = [{ text: "web", origin: "test" }];
    const resolution = resolveDeb({ repositories, architecture: "amd64", requests, includeEssential: true });
    const lock = createLock({ providerId: "t", repositories, resolution, toolResolution: resolution });
    const reasons = lock.packages.map(({ name, broughtInBy }) => [name, broughtInBy] as const);
    expect(Object.fromEntries(reasons)).toEqual({
      web: undefined,
      lib: "web: lib (>= 1)",
      init: "web: init",
      exim: "web: mail-agent",
      base: "every system has it",
      deep: "init: deep | other",
    });
  });

  it("leaves out what an index does not say", () => {
    const lib = lockOf(["lib"]).packages[0];
    expect(lib).not.toHaveProperty("section");
    expect(lib).not.toHaveProperty("homepage");
    expect(lib).not.toHaveProperty("priority");
  });

  it("names the canonical address, without the mirror's or credentials", () => {
    expect(lockOf(["lib"]).repositories).toEqual([
      {
        id: "toy/stable",
        type: "deb",
        url: "https://archive.example/debian",
        suite: "stable",
        components: ["main"],
        priority: 700,
        metadataSha256: archive.metadataSha256,
        dateSeconds: 1_760_000_000,
        signedBy: "A".repeat(40),
        verified: true,
        foreignKeys: false,
      },
    ]);
  });

  it("has paths below the directory of a local repository", () => {
    const local = {
      ...toyRepository([["mine 1", { path: "/srv/debs/sub/mine_1_amd64.deb" }]]),
      source: { kind: "local", id: "local/1", directory: "/srv/debs/", priority: 500 } as const,
    };
    const requests = [{ text: "mine", origin: "test" }];
    const resolution = resolveDeb({ repositories: [local], architecture: "amd64", requests, includeEssential: false });
    const lock = createLock({
      providerId: "t",
      repositories: [local],
      resolution,
      toolResolution: resolution,
      baseDirectory: "/srv/templates",
    });
    expect(lock.repositories[0]).toMatchObject({ type: "local", url: "../debs" });
    expect(lock.packages[0]?.path).toBe("sub/mine_1_amd64.deb");
    expect(lock.toolPackages).toEqual(lock.packages);
  });

  it("names single local files relative to the template", () => {
    const local = {
      ...toyRepository([["mine 1", { path: "/srv/debs/mine_1_amd64.deb" }]]),
      source: { kind: "local", id: "local/1", files: ["/srv/debs/mine_1_amd64.deb"], priority: 500 } as const,
    };
    const requests = [{ text: "mine", origin: "test" }];
    const resolution = resolveDeb({ repositories: [local], architecture: "amd64", requests, includeEssential: false });
    const lock = createLock({
      providerId: "t",
      repositories: [local],
      resolution,
      toolResolution: resolution,
      baseDirectory: "/srv",
    });
    expect(lock.repositories[0]).toMatchObject({ type: "local", url: "." });
    expect(lock.packages[0]?.path).toBe("debs/mine_1_amd64.deb");
  });
});

describe("lockDigest()", () => {
  it("is the same for equal locks, whatever the order of their members, and another for others", () => {
    const lock = lockOf(["web"]);
    const { packages, ...rest } = lock;
    expect(lockDigest({ packages, ...rest })).toBe(lockDigest(lock));
    expect(lockDigest(lockOf(["lib"]))).not.toBe(lockDigest(lock));
  });

  it("survives being written as JSON and read again", () => {
    const lock = lockOf(["web"]);
    expect(lockDigest(JSON.parse(JSON.stringify(lock)) as typeof lock)).toBe(lockDigest(lock));
  });
});

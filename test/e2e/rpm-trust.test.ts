import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rpmOf } from "../fixtures/make-rpm.ts";
import { BAD_KINDS, type BadKind, type BadRepositoryKind } from "../fixtures/rpm-distribution/bad/kinds.ts";
import {
  type BadRepositoryKeys,
  makeBadRepository,
  makeBadRepositoryKeys,
} from "../fixtures/rpm-distribution/bad/make-bad-repository.ts";
import { makeRepository } from "../fixtures/rpm-distribution/repository/make-repository.ts";
import { makeTiny, type TinyDistribution } from "../fixtures/rpm-distribution/tiny/make-tiny.ts";
import { type CliResult, runComposer } from "./support/cli.ts";
import { sha256Of } from "../fixtures/signed-repository.ts";
import { defaultPackageNames } from "./support/tiny-repository.ts";
import { makeDirectory, run } from "./support/workshop.ts";

/**
 * Whom the product believes: repositories and packages in the place of Azure Linux's own, by address and key alone. All
 * packages that its default template and tool root name are local ones without content; what a test is about is in the
 * repository.
 */

/** What a user reads, by the code that it stands for: no two codes have words in common. */
const WORDS: Readonly<Record<(typeof BAD_KINDS)[BadRepositoryKind]["code"], RegExp>> = {
  PACKAGE_SIGNATURE_MISSING: /^Cannot trust "\S+\.rpm": it is not signed$/,
  PACKAGE_KEY_UNKNOWN: /^Cannot trust "\S+\.rpm": no signature is by a key that is trusted for its repository$/,
  PACKAGE_KEY_UNUSABLE: /^Cannot trust "\S+\.rpm": the key that signed it is expired, revoked or not for signing$/,
  PACKAGE_SIGNATURE_INVALID:
    /^Cannot trust "\S+\.rpm": (its signature by [0-9A-F]{40} does not fit|no signature of it counts)/,
  PACKAGE_DIGEST_MISMATCH:
    /^Cannot use "\S+\.rpm": (its payload is not what the digest in the package says|header and payload have \d+ bytes instead of \d+)$/,
  PACKAGE_HEADER_MISMATCH: /^Cannot use "\S+\.rpm": its header is not what the digest in the package says$/,
  PACKAGE_FORMAT_INVALID:
    /^Cannot read "\S+\.rpm": (it is no RPM package|its payload has "\S+", which its header does not know)$/,
  PACKAGE_TOO_LARGE:
    /^Cannot read "\S+\.rpm": (its header claims \d+ tags and .+|the interpreter of its pre has 1000 words), and no more than /,
  PACKAGE_UNSAFE_PATH: /^Cannot read "\S+\.rpm": .*"\S+" leads out of the tree$/,
  REPOSITORY_NOT_FOUND: /^Cannot fetch .+: it does not exist$/,
  REPOSITORY_SIGNATURE_MISSING: /^Cannot trust "\S+\/repomd\.xml": it has no signature$/,
  REPOSITORY_SIGNATURE_INVALID:
    /^Cannot trust "\S+\/repomd\.xml": its signature (by [0-9A-F]{40} does not fit|is damaged)/,
  REPOSITORY_KEY_UNKNOWN: /^Cannot trust "\S+\/repomd\.xml": no signature is by a key that is trusted/,
  REPOSITORY_KEY_UNUSABLE: /^Cannot trust "\S+\/repomd\.xml": the key that signed it is expired, revoked or not/,
  REPOSITORY_REPLAYED: /^Cannot use "\S+\/repomd\.xml": it is of \S+, older than that of /,
  REPOSITORY_DIGEST_MISMATCH: /^Cannot use .+: its SHA-256 is not the one that/,
  REPOSITORY_SIZE_MISMATCH: /^Cannot use .+: it has more than its \d+ bytes/,
  REPOSITORY_TOO_LARGE:
    /^Cannot read "\S+primary\.xml\.gz": repomd\.xml says that it has 1\.5 GiB( decompressed)?, and no more than \d+ MiB are read$/,
  REPOSITORY_METADATA_INVALID:
    /^Cannot (read (the primary metadata )?"\S+": .*\(byte \d+\)|use "\S+primary\.xml\.gz": it decompresses to more than .+)$/,
  REPOSITORY_WEAK_DIGEST: /^Cannot read "\S+\/repomd\.xml": .* has only a checksum of type "sha"$/,
};

/** A directory with template, configuration, cache and work of one test. */
interface Workplace {
  readonly at: (...parts: string[]) => string;
  compose(...words: readonly string[]): Promise<CliResult>;
  /** Files of the cache, without those that only keep others out. */
  cached(): Promise<string[]>;
}

let room: { path: string } & AsyncDisposable;
let keys: BadRepositoryKeys;
let tiny: TinyDistribution;
/** Holds all that the provider's data name. */
let system: string;

beforeAll(async () => {
  room = await makeDirectory("rpm-trust-");
  keys = await makeBadRepositoryKeys();
  tiny = await makeTiny(path.join(room.path, "tiny"), keys.trusted);
  system = path.join(room.path, "system");
  await mkdir(system);
  for (const name of await defaultPackageNames("azure-linux/azl3")) {
    await writeFile(path.join(system, `${name}.rpm`), await rpmOf({ name }));
  }
});
afterAll(async () => {
  await keys[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});

/** @param mirror what is read in the place of the provider's own repository */
async function openWorkplace(
  name: string,
  mirror: { readonly directory: string; readonly keyFiles: readonly string[] },
  wishes: { readonly packages: readonly string[]; readonly repositories?: readonly object[] },
): Promise<Workplace> {
  const at = (...parts: string[]): string => path.join(room.path, "places", name, ...parts);
  await mkdir(at(), { recursive: true });
  const url = pathToFileURL(mirror.directory).href;
  await writeFile(at("composer.yml"), JSON.stringify({ mirrors: { "azure-linux": { url, keys: mirror.keyFiles } } }));
  const template = {
    image: { name: "edge", version: "1" },
    target: { os: "azure-linux", dist: "azl3", arch: "x86_64", imageType: "raw" },
    packageRepositories: [{ codename: "system", path: system }, ...(wishes.repositories ?? [])],
    systemConfig: { name: "edge", packages: wishes.packages },
  };
  await writeFile(at("edge.yml"), JSON.stringify(template));
  return {
    at,
    compose: (...words) =>
      runComposer(["--config", "composer.yml", "--cache-dir", "cache", "--work-dir", "work", ...words], { cwd: at() }),
    cached: async () => {
      const entries = await readdir(at("cache"), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && entry.name !== ".lock")
        .map((entry) => path.relative(at("cache"), path.join(entry.parentPath, entry.name)))
        .sort();
    },
  };
}

describe("a bad repository in the place of the distribution's own", () => {
  it("is no accident: the good one is used", async () => {
    const place = await openWorkplace(
      "good",
      { directory: tiny.base, keyFiles: [tiny.keyFile] },
      { packages: ["app"] },
    );
    const { exitCode, stderr } = await place.compose("build", "edge.yml", "--stage", "packages");
    expect(exitCode, stderr).toBe(0);
    const cached = await place.cached();
    expect(packagesAmong(cached)).toEqual([
      "app-1.0-1.noarch.rpm",
      "kernel-6.6.2-1.x86_64.rpm",
      "lib-1.2-1.x86_64.rpm",
    ]);
    expect(cached.filter((name) => name.endsWith(".index"))).toHaveLength(1);
  });

  it.each(Object.keys(BAD_KINDS) as BadRepositoryKind[])("is refused before anything is unpacked: %s", async (kind) => {
    const {
      directory,
      keys: trusted,
      newerDirectory,
    } = await makeBadRepository(kind, path.join(room.path, "bad", kind), keys);
    const address = path.join(room.path, "served", kind);
    await mkdir(path.dirname(address), { recursive: true });
    const mirror = { directory: address, keyFiles: trusted.map(({ file }) => file) };
    const place = await openWorkplace(kind, mirror, { packages: ["app", "tool"] });
    if (newerDirectory !== undefined) {
      await symlink(newerDirectory, address);
      const first = await place.compose("lock", "edge.yml");
      expect(first.exitCode, first.stderr).toBe(0);
      await rm(address);
      await rm(place.at("edge.lock.json"));
    }
    await symlink(directory, address);
    const before = newerDirectory === undefined ? [] : await place.cached();

    const { exitCode, stdout, stderr } = await place.compose("build", "edge.yml", "--progress", "json");
    expect([exitCode, stdout]).toEqual([1, ""]);
    const { code }: BadKind = BAD_KINDS[kind];
    expect(errorOf(stderr)).toMatch(WORDS[code]);
    expect(startedSteps(stderr).filter(({ stage }) => stage !== "packages")).toEqual([]);

    const after = await place.cached();
    if (!isAboutPackages(kind)) {
      expect(after).toEqual(before);
      return;
    }
    // The trusted key did sign this index; what else it signed may stay, too.
    const good = "packagesSignedBy" in BAD_KINDS[kind] ? [] : ["lib-1.2-1.x86_64.rpm", "tool-1.0-1.noarch.rpm"];
    expect(packagesAmong(after).filter((name) => !good.includes(name))).toEqual([]);
  });
});

describe("a vendor directory of rpm packages", () => {
  it("is what a locked build takes when repository and cache are gone", async () => {
    const address = path.join(room.path, "served", "vendored");
    await mkdir(path.dirname(address), { recursive: true });
    await symlink(tiny.base, address);
    const mirror = { directory: address, keyFiles: [tiny.keyFile] };
    const place = await openWorkplace("vendored", mirror, { packages: ["app", "tool"] });
    for (const words of [
      ["lock", "edge.yml"],
      ["vendor", "edge.yml", "vendored"],
    ]) {
      const { exitCode, stderr } = await place.compose(...words);
      expect(exitCode, stderr).toBe(0);
    }
    await rm(address);
    await rm(place.at("cache"), { recursive: true });

    const build = ["build", "edge.yml", "--locked", "--offline", "--vendor", "vendored", "--stage", "packages"];
    const { exitCode, stderr } = await place.compose(...build);
    expect(exitCode, stderr).toBe(0);

    const file = place.at("vendored/azure-linux/Packages/tool-1.0-1.noarch.rpm");
    const content = await readFile(file);
    await writeFile(file, content.with(content.length - 1, (content.at(-1) ?? 0) ^ 1));
    await rm(place.at("cache"), { recursive: true });
    const damaged = await place.compose(...build);
    expect([damaged.exitCode, damaged.stdout]).toEqual([1, ""]);
    expect(damaged.stderr).toMatch(/tool-1\.0-1\.noarch\.rpm.* (damaged|not)/);
  });
});

describe("a repository that lists its packages by SHA-512", () => {
  it("is locked by SHA-256, built from that lock, and preferred when the lock is renewed", async () => {
    const mirror = { directory: tiny.baseSha512, keyFiles: [tiny.keyFile] };
    const place = await openWorkplace("sha512", mirror, { packages: ["app", "tool"] });
    const succeed = async (...words: readonly string[]): Promise<void> => {
      const { exitCode, stderr } = await place.compose(...words);
      expect(exitCode, stderr).toBe(0);
    };
    await succeed("lock", "edge.yml");
    const { packages } = await readLock(place);
    const app = packages.find(({ name }) => name === "app");
    const content = await readFile(path.join(tiny.base, "Packages/app-1.0-1.noarch.rpm"));
    expect(app).toMatchObject({
      sha256: sha256Of(content),
      longDigest: createHash("sha512").update(content).digest("hex"),
    });
    const text = await readFile(place.at("edge.lock.json"), "utf8");
    await succeed("lock", "edge.yml", "--update");
    expect(await readFile(place.at("edge.lock.json"), "utf8")).toBe(text);

    await rm(place.at("cache"), { recursive: true });
    await succeed("build", "edge.yml", "--locked", "--stage", "packages");
    await succeed("vendor", "edge.yml", "vendored");
    expect(JSON.parse(await readFile(place.at("vendored/vendor.json"), "utf8"))).toMatchObject({
      repositories: [{ id: "azure-linux", complete: true }, {}],
    });
    const recipe = `
      gpg --dearmor < keys/azure-linux.asc > ../keys.gpg
      gpgv --keyring ../keys.gpg azure-linux/repodata/repomd.xml.asc azure-linux/repodata/repomd.xml
      grep -F $(sha512sum azure-linux/repodata/*primary.xml* | cut -c-128) azure-linux/repodata/repomd.xml
      for package in azure-linux/Packages/*.rpm; do
        zcat azure-linux/repodata/*primary.xml.gz | grep -F $(sha512sum "$package" | cut -c-128)
      done`;
    const audit = await run(["sh", "-euc", recipe], { cwd: place.at("vendored") });
    expect(audit.exitCode, audit.stderr).toBe(0);
    await succeed("build", "edge.yml", "--locked", "--offline", "--vendor", "vendored", "--stage", "packages");
  });

  it("is refused when a package is another one", async () => {
    const directory = path.join(room.path, "sha512-changed");
    await cp(tiny.base, directory, { recursive: true });
    await makeRepository(directory, keys.trusted, { checksum: "sha512" });
    const file = path.join(directory, "Packages/app-1.0-1.noarch.rpm");
    const content = await readFile(file);
    await rm(file);
    await writeFile(file, content.with(content.length - 1, (content.at(-1) ?? 0) ^ 1));
    const mirror = { directory, keyFiles: [tiny.keyFile] };
    const place = await openWorkplace("sha512-changed", mirror, { packages: ["app"] });
    const { exitCode, stderr } = await place.compose("lock", "edge.yml");
    expect([exitCode, errorOf(stderr)]).toEqual([1, expect.stringMatching(/: its SHA-512 is not the one that/)]);
    expect(packagesAmong(await place.cached()).filter((name) => name.startsWith("app"))).toEqual([]);
  });
});

describe("a lock that pairs the SHA-512 of its repository with other bytes", () => {
  it("is vendored with a warning: the metadata does not vouch for those", async () => {
    const directory = path.join(room.path, "sha512-unsigned");
    const file = path.join(directory, "Packages/thing-1.0-1.noarch.rpm");
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await rpmOf({ name: "thing", version: "1.0", provides: ["good"] }));
    await makeRepository(directory, keys.trusted, { checksum: "sha512" });
    const unsigned = { codename: "unsigned", url: pathToFileURL(directory).href, pkey: "[trusted=yes]" };
    const mirror = { directory: tiny.base, keyFiles: [tiny.keyFile] };
    const place = await openWorkplace("sha512-unsigned", mirror, { packages: ["thing"], repositories: [unsigned] });
    const locked = await place.compose("lock", "edge.yml");
    expect(locked.exitCode, locked.stderr).toBe(0);
    const vendorWarning = async (): Promise<string | undefined> => {
      const { exitCode, stderr } = await place.compose("vendor", "edge.yml", "vendored");
      expect(exitCode, stderr).toBe(0);
      return /metadata of "template\/1-unsigned" is not complete: (.*)$/m.exec(stderr)?.[1];
    };
    expect(await vendorWarning()).toBe("nobody vouches for it: checks are off");

    const [before, bytes] = [await readFile(file), await rpmOf({ name: "thing", version: "1.0", provides: ["evil"] })];
    expect(bytes.length).toBe(before.length);
    await writeFile(file, bytes);
    const text = await readFile(place.at("edge.lock.json"), "utf8");
    await writeFile(place.at("edge.lock.json"), text.replace(sha256Of(before), sha256Of(bytes)));
    expect(await vendorWarning()).toMatch(/; the kept metadata does not vouch for 1 of 1 packages: thing 1\.0-1$/);
  });
});

describe("a repository that a template adds", () => {
  const trusted = () => ({ directory: tiny.base, keyFiles: [tiny.keyFile] });
  const at = (directory: string): string => pathToFileURL(directory).href;

  it("is not helped by the keys of another one", async () => {
    const strangers = path.join(room.path, "stranger.asc");
    await writeFile(strangers, keys.stranger.armoredPublic);
    const extras = { codename: "extras", url: at(tiny.extras), pkey: strangers, priority: 990 };
    const place = await openWorkplace("other-key", trusted(), { packages: ["twice"], repositories: [extras] });
    const { exitCode, stderr } = await place.compose("fetch", "edge.yml");
    expect([exitCode, errorOf(stderr)]).toEqual([1, expect.stringMatching(WORDS.PACKAGE_KEY_UNKNOWN)]);
    expect(packagesAmong(await place.cached()).filter((name) => name.startsWith("twice"))).toEqual([]);
  });

  it("may offer unsigned packages when the template says so, with a warning and a record", async () => {
    const { directory } = await makeBadRepository("unsigned-package", path.join(room.path, "unsigned"), keys);
    const unsigned = { codename: "unsigned", url: at(directory), pkey: "[trusted=yes]", priority: 990 };
    const place = await openWorkplace("unsigned", trusted(), { packages: ["app"], repositories: [unsigned] });
    const locked = await place.compose("lock", "edge.yml");
    expect(locked.exitCode, locked.stderr).toBe(0);
    const built = await place.compose("build", "edge.yml", "--locked", "--stage", "packages");
    expect(built.exitCode, built.stderr).toBe(0);
    expect(locked.stderr).toMatch(/^WARN: .*"template\/1-unsigned".* is not verified/m);
    expect(built.stderr).toMatch(/^WARN: .*No signature of the repository "template\/1-unsigned" was checked/m);
    const { packages, repositories } = await readLock(place);
    expect(packages.find(({ name }) => name === "app")).toMatchObject({ repository: "template/1-unsigned" });
    expect(repositories.map(({ id, verified }) => [id, verified])).toEqual([
      ["azure-linux", true],
      ["template/0-system", true],
      ["template/1-unsigned", false],
    ]);
    expect(packagesAmong(await place.cached())).toContain("app-1.0-1.noarch.rpm");
  });

  it.each([
    ["of the first of equal ones", undefined, "azure-linux"],
    ["of the one that is preferred", 990, "template/1-extras"],
    ["of the one that is not put back", 100, "azure-linux"],
  ])("has a package as another one does: it is that %s", async (_, priority, repository) => {
    const extras = { codename: "extras", url: at(tiny.extras), pkey: tiny.keyFile, ...(priority && { priority }) };
    const wishes = { packages: ["twice", "twice-but-different"], repositories: [extras] };
    const place = await openWorkplace(`twice-${priority}`, trusted(), wishes);
    const { exitCode, stderr } = await place.compose("lock", "edge.yml");
    expect(exitCode, stderr).toBe(0);
    const { packages } = await readLock(place);
    const from = repository === "azure-linux" ? tiny.base : tiny.extras;
    for (const name of wishes.packages) {
      const content = await readFile(path.join(from, `Packages/${name}-1.0-1.noarch.rpm`));
      const sha256 = sha256Of(content);
      expect(packages.find((each) => each.name === name)).toMatchObject({ repository, sha256 });
    }
  });

  it("may be single files and directories of this machine, signed or not", async () => {
    const single = path.join(room.path, "agent-2.0-1.noarch.rpm");
    await writeFile(single, await rpmOf({ name: "agent", version: "2.0", requires: ["lib >= 1.0", "plugin"] }));
    const directory = path.join(room.path, "own");
    await mkdir(directory);
    await writeFile(path.join(directory, "any-name.rpm"), await rpmOf({ name: "plugin" }));
    const repositories = [
      { codename: "single", packages: [single] },
      { codename: "directory", path: directory },
    ];
    const place = await openWorkplace("local", trusted(), { packages: ["agent"], repositories });
    const built = await place.compose("build", "edge.yml", "--stage", "packages");
    expect(built.exitCode, built.stderr).toBe(0);
    expect(packagesAmong(await place.cached())).toEqual(["kernel-6.6.2-1.x86_64.rpm", "lib-1.2-1.x86_64.rpm"]);
    await place.compose("lock", "edge.yml");
    const { packages } = await readLock(place);
    const from = (wanted: string) => packages.find(({ name }) => name === wanted)?.repository;
    expect([from("agent"), from("plugin")]).toEqual(["template/1-single", "template/2-directory"]);
  });

  it("may not hold a local file that is damaged", async () => {
    const damaged = path.join(room.path, "damaged.rpm");
    const content = await rpmOf({ name: "damaged", files: [{ path: "/opt/x", content: "x".repeat(10_000) }] });
    await writeFile(damaged, content.subarray(0, content.length - 1));
    const repositories = [{ codename: "single", packages: [damaged] }];
    const place = await openWorkplace("damaged", trusted(), { packages: ["damaged"], repositories });
    const { exitCode, stderr } = await place.compose("build", "edge.yml", "--stage", "packages");
    expect([exitCode, errorOf(stderr)]).toEqual([1, expect.stringMatching(WORDS.PACKAGE_DIGEST_MISMATCH)]);
  });
});

interface LockText {
  readonly packages: readonly { readonly name: string; readonly repository: string; readonly sha256: string }[];
  readonly repositories: readonly { readonly id: string; readonly verified: boolean }[];
}

async function readLock(place: Workplace): Promise<LockText> {
  return JSON.parse(await readFile(place.at("edge.lock.json"), "utf8")) as LockText;
}

/** Whether metadata are good and only files of packages are not. */
function isAboutPackages(kind: BadRepositoryKind): boolean {
  const { damage, damageLater, hostilePackage, metadataSignedBy, ...rest }: BadKind = BAD_KINDS[kind];
  if (metadataSignedBy !== undefined) return false;
  const isPackage = damage !== undefined || damageLater !== undefined || hostilePackage !== undefined;
  return isPackage || "packagesSignedBy" in rest || kind === "package-missing";
}

function packagesAmong(files: readonly string[]): string[] {
  return files.filter((name) => name.endsWith(".rpm")).map((name) => path.basename(name));
}

function errorOf(stderr: string): string {
  return /^ERROR: (.*)$/m.exec(stderr)?.[1] ?? stderr;
}

function startedSteps(stderr: string): readonly { readonly stage: string; readonly step: string }[] {
  return stderr
    .split("\n")
    .filter((line) => line.includes('"step-started"'))
    .map((line) => JSON.parse(line) as { stage: string; step: string });
}

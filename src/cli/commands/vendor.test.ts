import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { callProgram } from "../../../test/fixtures/call-program.ts";
import {
  defaultPackageNames,
  mirrorConfiguration,
  startTinyArchive,
  stanzasOf,
  type TinyArchive,
} from "../../../test/e2e/support/tiny-repository.ts";
import {
  makeKey,
  NOW,
  packageContent,
  packageStanza,
  sha256Of,
  type TestKey,
} from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import type { Host } from "../../host/index.ts";

const checkout = path.join(import.meta.dirname, "../../..");
const ESSENTIAL = "base-files";
const POOL = "v/debian/pool";

let key: TestKey;
let names: readonly string[];
let archive: TinyArchive;
let directory: string;
let host: ReturnType<typeof testHost>;
beforeAll(async () => {
  key = await makeKey();
  names = [ESSENTIAL, ...(await defaultPackageNames())];
});
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "vendor-"));
  archive = await startTinyArchive(key, stanzas());
  for (const name of names) archive.addPackageFile(name);
  const real = testHost(NOW);
  host = { ...real, environment: { ...real.environment, workingDirectory: directory, homeDirectory: directory } };
  await writeFile(at("key.asc"), key.armoredPublic);
  await configure();
  await writeTemplate();
});
afterEach(async () => {
  await host.http.close();
  await archive[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
const at = (...parts: string[]): string => path.join(directory, ...parts);

const stanzas = (more = ""): string => `${stanzasOf(names, { [ESSENTIAL]: "Essential: yes" })}${more}`;
const newer = (name: string): string =>
  `${packageStanza(name, { version: "2.0-1", content: packageContent(`newer ${name}`) })}\n`;

/** The mirror moves on: it has a newer udev, and neither the older one nor its indexes. */
async function moveOn(): Promise<void> {
  archive.server.files.set("debian/pool/udev_2.0-1_amd64.deb", Buffer.from(packageContent("newer udev")));
  archive.server.files.delete("debian/pool/udev_1.0-1_amd64.deb");
  const others = stanzasOf(
    names.filter((name) => name !== "udev"),
    { [ESSENTIAL]: "Essential: yes" },
  );
  const Date = new globalThis.Date(NOW.getTime() - 3_600_000).toUTCString().replace("GMT", "UTC");
  await archive.publish({ suite: "trixie", packages: `${others}${newer("udev")}`, fields: { Date } });
}

async function configure(more = ""): Promise<void> {
  const { url } = archive;
  const mirrors = mirrorConfiguration({ debian: `${url}/debian`, security: `${url}/debian-security` }, "key.asc");
  await writeFile(at("composer.yml"), `${mirrors}cache_dir: cache\nwork_dir: work\n${more}`);
}

async function writeTemplate(system = ""): Promise<void> {
  const head =
    'image: { name: edge, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\n';
  await writeFile(at("edge.yml"), `${head}systemConfig:\n  name: edge\n${system}`);
}

const call = (...words: readonly string[]) => callProgram(host, words);
const vendor = (...words: readonly string[]) => call("vendor", "edge.yml", "v", ...words);
const manifest = async () =>
  JSON.parse(await readFile(at("v/vendor.json"), "utf8")) as {
    readonly repositories: readonly { readonly id: string; readonly complete: boolean; readonly warning?: string }[];
  };
const left = async (): Promise<string[]> => (await readdir(directory)).filter((name) => name.startsWith("."));

describe("fetch", () => {
  it("fills the cache, metadata included, and says what it did", async () => {
    const first = await call("fetch", "edge.yml");
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toMatch(/^\d+ packages \([\d.]+ KiB\) in ".*cache\/pkgCache\/debian.*", \d+ downloaded \(/);
    await rm(at("work"), { recursive: true, force: true });
    archive.server.files.clear();
    expect(await call("lock", "edge.yml", "--offline")).toMatchObject({ exitCode: 0 });
    const again = await call("fetch", "edge.yml", "--locked", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ schemaVersion: 1, downloadedCount: 0, downloadedBytes: 0 });
  });

  it("reads no index with --locked, and needs a lock then", async () => {
    expect(await call("fetch", "edge.yml", "--locked")).toMatchObject({ exitCode: 2 });
    await call("lock", "edge.yml");
    archive.server.requests.length = 0;
    expect((await call("fetch", "edge.yml", "--locked")).exitCode).toBe(0);
    expect(archive.server.paths().filter((name) => name.includes("/dists/"))).toEqual([]);
  });
});

describe("vendor", () => {
  it("keeps packages at their locked paths and signed metadata byte for byte", async () => {
    await call("lock", "edge.yml");
    const { exitCode, stdout, stderr } = await vendor();
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^\d+ packages .*\nfiles: \d+ written, 0 kept, 0 removed\nsigned metadata: complete\n$/);
    expect(await readFile(at(POOL, "udev_1.0-1_amd64.deb"), "utf8")).toBe(packageContent("udev"));
    for (const name of ["InRelease", "main/binary-amd64/Packages.gz", "non-free-firmware/binary-amd64/Packages.gz"]) {
      const served = archive.server.files.get(`debian/dists/trixie/${name}`);
      expect(Buffer.from(served ?? "").equals(await readFile(at("v/debian/dists/trixie", name))), name).toBe(true);
    }
    expect(await readFile(at("v/edge.lock.json"))).toEqual(await readFile(at("edge.lock.json")));
    const text = await readFile(at("v/vendor.json"), "utf8");
    expect(text).not.toContain(archive.url);
    expect(JSON.parse(text)).toMatchObject({
      schemaVersion: 1,
      repositories: [
        { id: "debian/trixie", directory: "debian", signedBy: key.fingerprint, complete: true },
        { id: "debian/trixie-updates", directory: "debian", packageCount: 0, complete: true },
        { id: "debian-security/trixie-security", directory: "debian-security", complete: true },
      ],
    });
    expect(await left()).toEqual([]);
  });

  it("is the same each time, wherever and by whichever way it is made", async () => {
    await call("lock", "edge.yml");
    await vendor();
    await rm(at("cache"), { recursive: true });
    await call("vendor", "edge.yml", "other/place");
    expect(await readFile(at("other/place/SHA256SUMS"), "utf8")).toBe(await readFile(at("v/SHA256SUMS"), "utf8"));
    expect(await readdir(at("other/place"), { recursive: true })).toEqual(await readdir(at("v"), { recursive: true }));
  });

  it("updates what it made before: keeps, adds, removes, and mends", async () => {
    await call("lock", "edge.yml");
    await vendor();
    const before = await stat(at(POOL, "systemd_1.0-1_amd64.deb"));
    await moveOn();
    await call("lock", "edge.yml");
    const other = names.find((name) => !["udev", "systemd", ESSENTIAL].includes(name)) ?? "";
    await writeFile(at(POOL, `${other}_1.0-1_amd64.deb`), "damaged");
    await rm(at("cache"), { recursive: true });
    archive.server.requests.length = 0;
    const { stdout, stderr } = await vendor("--json");
    expect(stderr).toBe("");
    // Package, index, InRelease, lock, manifest, digests; and what was damaged.
    expect(JSON.parse(stdout)).toMatchObject({ writtenCount: 7, removedCount: 1, downloadedCount: 2 });
    const pool = await readdir(at(POOL));
    expect(pool.filter((name) => name.startsWith("udev_"))).toEqual(["udev_2.0-1_amd64.deb"]);
    expect(await readFile(at(POOL, `${other}_1.0-1_amd64.deb`), "utf8")).toBe(packageContent(other));
    expect((await stat(at(POOL, "systemd_1.0-1_amd64.deb"))).mtimeMs).toBe(before.mtimeMs);
    expect(await left()).toEqual([]);
  });

  it("names the lock that is missing, and what makes one stale", async () => {
    const missing = await vendor();
    expect([missing.exitCode, missing.stderr]).toEqual([
      2,
      expect.stringContaining('Make it with "os-image-composer lock edge.yml"'),
    ]);
    await call("lock", "edge.yml");
    await writeTemplate("  packages: [vim]\n");
    const stale = await vendor();
    expect([stale.exitCode, stale.stderr]).toEqual([2, expect.stringContaining('asks for "vim", the lock does not')]);
    expect(await readdir(directory)).not.toContain("v");
  });
});

describe("vendor, when the mirror has moved on", () => {
  it("says what the newer metadata does not vouch for, and what it could not get", async () => {
    await call("lock", "edge.yml");
    await call("fetch", "edge.yml", "--locked");
    await moveOn();
    // The signed metadata in the cache is the newer one, too.
    await call("lock", "edge.yml", "-o", "newer.json");
    const { exitCode, stdout } = await vendor();
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("not complete for debian/trixie (vendor.json")]);
    const [trixie, ...others] = (await manifest()).repositories;
    expect(trixie?.warning).toMatch(
      /^the signed metadata of 2026-01-05T12:00:00Z that .* another of 2026-01-05T23:00:00Z is kept; .*not vouch for 1 of \d+ packages: udev 1\.0-1$/,
    );
    expect(others.map(({ complete }) => complete)).toEqual([true, true]);
    expect(await readFile(at(POOL, "udev_1.0-1_amd64.deb"), "utf8")).toBe(packageContent("udev"));
  });

  it("keeps what it has, and takes the rest from the archive of that day", async () => {
    await call("lock", "edge.yml");
    for (const [name, content] of [...archive.server.files]) {
      archive.server.files.set(name.replace(/^(debian[^/]*)/, "snapshots/$1/20260105T120000Z"), content);
    }
    await moveOn();
    const config = at("config");
    await cp(path.join(checkout, "config"), config, { recursive: true });
    const file = path.join(config, "osv/debian/debian13/providerconfigs/amd64_repo.yml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll("http://snapshot.debian.org/archive/", `${archive.url}/snapshots/`));
    await configure("config_dir: config\n");
    await rm(at("cache"), { recursive: true });
    const { exitCode, stdout, stderr } = await vendor();
    expect([exitCode, stdout, stderr]).toEqual([0, expect.stringContaining("metadata: complete"), ""]);
    expect(archive.server.paths()).toContain("snapshots/debian/20260105T120000Z/pool/udev_1.0-1_amd64.deb");
    archive.server.files.clear();
    await rm(at("cache"), { recursive: true });
    expect((await vendor("--offline")).stdout).toContain("files: 0 written");
  });

  it("says so when there is no signed metadata at all", async () => {
    await call("lock", "edge.yml");
    await call("fetch", "edge.yml", "--locked");
    await rm(at("cache/repositories"), { recursive: true });
    expect((await vendor("--offline")).exitCode).toBe(0);
    const { repositories } = await manifest();
    expect(repositories.map(({ warning }) => warning)).toEqual(Array(3).fill("no signed metadata was found"));
  });
});

describe("vendor, where it can't be", () => {
  beforeEach(async () => {
    await call("lock", "edge.yml");
    archive.server.requests.length = 0;
  });
  const refusal = async (place: string): Promise<string> => {
    const { exitCode, stderr } = await call("vendor", "edge.yml", place);
    expect([exitCode, archive.server.requests]).toEqual([2, []]);
    return stderr;
  };

  it("refuses a file, what is not empty, and what cache clean removes", async () => {
    expect(await refusal("edge.yml")).toContain("it is no directory");
    await mkdir(at("mine/photos"), { recursive: true });
    expect(await refusal("mine")).toContain("it is not empty, and no vendor directory");
    expect(await refusal("cache/v")).toContain("--cache-dir");
    await symlink(at("work"), at("link"));
    await mkdir(at("work"), { recursive: true });
    expect(await refusal("link/v")).toContain("--work-dir");
  });

  it("refuses a vendor directory with files of others, and one whose list is damaged", async () => {
    await vendor();
    archive.server.requests.length = 0;
    await writeFile(at("v/debian/mine.txt"), "");
    expect(await refusal("v")).toContain("debian/mine.txt");
    await rm(at("v/debian/mine.txt"));
    await writeFile(at("v/SHA256SUMS"), "nonsense\n");
    expect(await refusal("v")).toContain("line 1 of SHA256SUMS");
  });

  it("takes an empty directory, and follows a link to it", async () => {
    await mkdir(at("real"));
    await symlink("real", at("v"));
    expect((await vendor()).exitCode).toBe(0);
    expect(await readdir(at("real"))).toContain("vendor.json");
  });

  it("leaves nothing behind when the disk is full or can't be written", async () => {
    const small: Host = {
      ...host,
      files: { ...host.files, freeBytes: async (where) => (where.includes(".unfinished") ? 1 : 2 ** 40) },
    };
    const full = await callProgram(small, ["vendor", "edge.yml", "v"]);
    expect([full.exitCode, full.stderr]).toEqual([1, expect.stringMatching(/are needed and 1 B are free/)]);
    expect([await left(), (await readdir(directory)).includes("v")]).toEqual([[], false]);
    const readOnly = await call("vendor", "edge.yml", "/proc/self/v");
    expect([readOnly.exitCode, readOnly.stderr]).toEqual([1, expect.stringMatching(/^ERROR: Cannot write "\/proc/)]);
  });

  it("tidies up after a run that was killed, at whatever point", async () => {
    await vendor();
    const digests = await readFile(at("v/SHA256SUMS"), "utf8");
    await mkdir(at(".v.unfinished/debian"), { recursive: true });
    await cp(at("v"), at(".v.replaced"), { recursive: true });
    expect((await vendor()).stdout).toContain("0 written");
    await cp(at("v"), at(".v.replaced"), { recursive: true });
    await rm(at("v"), { recursive: true });
    expect((await vendor()).stdout).toContain("0 written");
    expect([sha256Of(await readFile(at("v/SHA256SUMS"))), await left()]).toEqual([sha256Of(digests), []]);
  });
});

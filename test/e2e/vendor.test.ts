import { spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKey, sha256Of } from "../fixtures/signed-repository.ts";
import { CHECKOUT, runComposer } from "./support/cli.ts";
import {
  defaultPackageNames,
  mirrorConfiguration,
  startTinyArchive,
  stanzasOf,
  type TinyArchive,
} from "./support/tiny-repository.ts";
import { makeDirectory, run } from "./support/workshop.ts";

const ESSENTIAL = "base-files";
/** Real root can take the network away altogether; for others --offline has to do. */
const isRoot = process.getuid?.() === 0;
const WITHOUT_NETWORK = isRoot ? ["unshare", "--net"] : [];

describe("a vendor directory", () => {
  let archive: TinyArchive;
  let directory: { path: string } & AsyncDisposable;
  const at = (...parts: string[]): string => path.join(directory.path, ...parts);
  const compose = (words: readonly string[], through: readonly string[] = []) =>
    runComposer(["--config", "composer.yml", "--progress", "plain", ...words], { cwd: directory.path, through });
  const build = (...words: string[]) => ["build", "edge.yml", "--locked", "--stage", "packages", ...words];

  beforeAll(async () => {
    directory = await makeDirectory("vendor-");
    const key = await makeKey();
    const names = [ESSENTIAL, ...(await defaultPackageNames())];
    archive = await startTinyArchive(key, stanzasOf(names, { [ESSENTIAL]: "Essential: yes" }));
    for (const name of names) archive.addPackageFile(name);
    await writeFile(at("key.asc"), key.armoredPublic);
    const mirrors = mirrorConfiguration(
      { debian: `${archive.url}/debian`, security: `${archive.url}/debian-security` },
      "key.asc",
    );
    await writeFile(at("composer.yml"), mirrors);
    const target = "target: { os: debian, dist: debian13, arch: x86_64, imageType: raw }";
    await writeFile(at("edge.yml"), `image: { name: edge, version: "1" }\n${target}\nsystemConfig: { name: edge }\n`);
    const locked = await compose(["lock", "edge.yml"]);
    expect(locked.exitCode, locked.stderr).toBe(0);
    const made = await compose(["vendor", "edge.yml", "vendored"]);
    expect([made.exitCode, made.stdout], made.stderr).toEqual([0, expect.stringContaining("metadata: complete")]);
  });
  afterAll(async () => {
    await archive[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  });

  it("is verified by gpgv and sha256sum, from the signature to every package", async () => {
    const root = at("vendored");
    const sums = await run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: root });
    expect([sums.exitCode, sums.stderr]).toEqual([0, ""]);
    const { repositories } = JSON.parse(await readFile(path.join(root, "vendor.json"), "utf8")) as {
      repositories: { id: string; directory: string; keyring: string; metadata: string[] }[];
    };
    const vouchedFor = new Map<string, string>();
    for (const { directory: base, keyring, metadata } of repositories) {
      const [inRelease = "", ...indexes] = metadata;
      const verified = await run(["gpgv", "--keyring", `./${keyring}`, "--output", "-", inRelease], { cwd: root });
      expect(verified.exitCode, verified.stderr).toBe(0);
      // Its lines end as the signing program made them.
      const release = verified.stdout.replaceAll("\r\n", "\n");
      for (const index of indexes) {
        const content = await readFile(path.join(root, index));
        const below = path.relative(path.dirname(inRelease), index);
        expect(release).toContain(` ${sha256Of(content)} ${content.length} ${below}\n`);
        const text = gunzipSync(content).toString("utf8");
        for (const [, file = "", digest = ""] of text.matchAll(/^Filename: (.*)\n(?:.+\n)*?SHA256: (.*)$/gm)) {
          vouchedFor.set(`${base}/${file}`, digest);
        }
      }
    }
    const packages = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".deb"));
    expect(packages.length).toBeGreaterThan(20);
    for (const name of packages)
      expect(vouchedFor.get(name), name).toBe(sha256Of(await readFile(path.join(root, name))));
    await writeFile(
      at("forged"),
      (await readFile(path.join(root, "debian/dists/trixie/InRelease"))).fill("x", 200, 201),
    );
    const forged = await run(["gpgv", "--keyring", "./vendored/keys/debian_trixie.gpg", "forged"], {
      cwd: directory.path,
    });
    expect(forged.exitCode).not.toBe(0);
  });

  it("is all that a locked build needs when the network is cut off", async () => {
    const rooms = ["--cache-dir", "empty-cache", "--work-dir", "empty-work"];
    const built = await compose(build("--offline", "--vendor", "vendored", ...rooms), WITHOUT_NETWORK);
    expect(built.exitCode, built.stderr).toBe(0);
    expect(built.stderr).not.toMatch(/Fetching|Resolving|Downloading/);
    const packages = await readdir(at("empty-cache/pkgCache"), { recursive: true });
    expect(packages.filter((name) => name.endsWith(".deb"))).toEqual([]);

    const without = await compose(build("--offline", ...rooms), WITHOUT_NETWORK);
    expect([without.exitCode, without.stderr]).toEqual([1, expect.stringContaining("not in the cache")]);
  });

  it("is a mirror of what it has, from which the same lock is made", async () => {
    const addresses = ["debian", "debian-security"].map((name) => [name, `file://${at("vendored", name)}`] as const);
    const mirrors = mirrorConfiguration(
      { debian: addresses[0]?.[1] ?? "", security: addresses[1]?.[1] ?? "" },
      "key.asc",
    );
    await writeFile(at("from-vendored.yml"), mirrors);
    const words = ["lock", "edge.yml", "-o", "again.json", "--cache-dir", "mirror-cache", "--work-dir", "mirror-work"];
    const again = await runComposer(["--config", "from-vendored.yml", ...words], {
      cwd: directory.path,
      through: WITHOUT_NETWORK,
    });
    expect(again.exitCode, again.stderr).toBe(0);
    expect(await readFile(at("again.json"), "utf8")).toBe(await readFile(at("edge.lock.json"), "utf8"));
  });

  it("passes over what is damaged in it, by name, and gets it elsewhere or says where it looked", async () => {
    await run(["cp", "-a", "vendored", "torn"], { cwd: directory.path });
    const torn = at("torn/debian/pool/udev_1.0-1_amd64.deb");
    await writeFile(torn, "content of ude?");
    const rooms = ["--cache-dir", "torn-cache", "--work-dir", "torn-work"];
    const offline = await compose(build("--offline", "--vendor", "torn", ...rooms));
    expect([offline.exitCode, offline.stderr]).toEqual([1, expect.stringContaining('the package "udev" 1.0-1')]);
    expect(offline.stderr).toContain(`looked for in the vendor directory "${at("torn")}", the cache`);

    const online = await compose(build("--vendor", "torn", ...rooms));
    expect(online.exitCode, online.stderr).toBe(0);
    expect(online.stderr).toContain(`"${torn}" in the vendor directory is damaged`);
    expect(
      (await readdir(at("torn-cache/pkgCache"), { recursive: true })).filter((name) => name.endsWith(".deb")),
    ).toEqual(["debian-debian13-x86_64/udev_1.0-1_amd64.deb"]);
    expect(await readFile(torn, "utf8")).toBe("content of ude?");
    const none = await compose(build("--vendor", "torn-work"));
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining("vendor.json")]);
  });

  it("is never there by halves, whenever vendor is killed", async () => {
    const words = ["--config", "composer.yml", "vendor", "edge.yml", "killed"];
    const timesMs: number[] = [];
    // Until it is left enough time, however slow this host is.
    for (let afterMs = 50; ; afterMs += Math.max(125, afterMs / 8)) {
      const hasEnded = await killAfter(words, afterMs);
      timesMs.push(afterMs);
      if ((await readdir(directory.path)).includes("killed")) {
        const sums = await run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: at("killed") });
        expect([afterMs, sums.exitCode]).toEqual([afterMs, 0]);
      }
      if (hasEnded) break;
    }
    expect(timesMs.length).toBeGreaterThan(1);
    expect(await readFile(at("killed/SHA256SUMS"), "utf8")).toBe(await readFile(at("vendored/SHA256SUMS"), "utf8"));
    expect((await readdir(directory.path)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  /** @returns whether the call had ended by itself */
  async function killAfter(words: readonly string[], afterMs: number): Promise<boolean> {
    const child = spawn(path.join(CHECKOUT, "os-image-composer"), words, {
      cwd: directory.path,
      stdio: "ignore",
      detached: true,
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), afterMs);
    const exitCode = await ended;
    clearTimeout(timer);
    return exitCode === 0;
  }

  it("can't be made where nothing can be written, and says so", async () => {
    await mkdir(at("closed"));
    const readOnly = 'mount --bind closed closed && mount -o remount,bind,ro closed && exec "$@"';
    const through = isRoot ? ["unshare", "--mount", "sh", "-c", readOnly, "sh"] : [];
    if (!isRoot) await chmod(at("closed"), 0o555);
    const refused = await compose(["vendor", "edge.yml", "closed/here"], through);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringMatching(/Cannot (write|lock) ".*closed/)]);
    await rm(at("closed"), { recursive: true });
  });
});

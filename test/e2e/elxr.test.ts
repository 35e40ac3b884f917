import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../src/host/index.ts";
import { hostMirrorFor, readHostMirrors } from "../../src/ospackage/index.ts";
import { debOf, type TarRecord } from "../fixtures/make-deb.ts";
import { openSerialSession } from "./support/serial-session.ts";
import { makeDirectory, REPOSITORY, run, succeed } from "./support/workshop.ts";

const COMPOSER = path.join(REPOSITORY, "os-image-composer");
const BOOT_TIMEOUT_MS = 10 * 60_000;
const KEYS = ["automatic", "stable"].map((name) => {
  return path.join(REPOSITORY, `config/osv/debian/keys/debian-archive-bookworm-${name}.asc`);
});
const isFull = process.env["OIC_TEST_FULL"] !== undefined;
const LONG = "a build and a boot: npm run test:full";
const CANONICAL_URL = "https://mirror.elxr.dev/elxr";

/** The packages of the default template that only eLxr has, with the one file that a build looks for. */
const ONLY_ELXR: readonly (readonly [name: string, file: string])[] = [
  ["uefi-ext4", "usr/lib/uefi-ext4/ext4_x64.efi"],
  ["elxr-archive-keyring", "usr/share/keyrings/elxr-archive-keyring.gpg"],
];

const TEMPLATE = `image: { name: elxr, version: "1" }
target: { os: wind-river-elxr, dist: elxr12, arch: x86_64, imageType: raw }
packageRepositories: [{ codename: only-elxr, path: debs }]
disk: { artifacts: [{ type: raw }] }
systemConfig:
  # dm-verity cannot be built yet; everything else is the default template's.
  immutability: { enabled: false }
`;

interface Manifest {
  readonly provider: string;
  readonly repositories: readonly { readonly id: string; readonly url?: string; readonly suite?: string }[];
  readonly packages: readonly { readonly name: string }[];
  readonly warnings: readonly { readonly code: string; readonly repository: string }[];
}

/** Debian 12 stands in for eLxr 12, which is made from it: address, suite and keys are overridden together. */
describe("the default template of eLxr 12", () => {
  let directory: { path: string } & AsyncDisposable;
  let mirror: string;
  const at = (...parts: string[]): string => path.join(directory.path, ...parts);
  const compose = (...words: string[]) => run([COMPOSER, ...words, "--progress", "plain"], { cwd: directory.path });

  beforeAll(async () => {
    directory = await makeDirectory("elxr-");
    mirror = hostMirrorFor(await readHostMirrors({ files: nodeFiles }), "bookworm") ?? "http://ftp.debian.org/debian";
    await mkdir(at("debs"));
    for (const [name, file] of ONLY_ELXR) await writeFile(at("debs", `${name}_1_all.deb`), debWith(name, file));
    await writeFile(at("elxr.yml"), TEMPLATE);
    const override = { url: mirror, suite: "bookworm", keys: KEYS };
    await writeFile(at("own.yml"), JSON.stringify({ mirrors: { "wind-river-elxr": override } }));
    await writeFile(at("none.yml"), "{}\n");
  });
  afterAll(async () => {
    await compose("cache", "clean", "--all");
    await directory[Symbol.asyncDispose]();
  });

  it("is not built while nobody has named the key of its repository, and nothing is fetched", async () => {
    const { exitCode, stderr } = await compose("build", "elxr.yml", "--config", "none.yml");
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Cannot trust the repository "wind-river-elxr/aria": its key does not come with');
    expect(stderr).toContain(`Fetch ${CANONICAL_URL}/public.gpg, compare its fingerprint`);
    expect(stderr).toContain(`mirrors:\n  wind-river-elxr:\n    url: ${CANONICAL_URL}\n    keys: [FILE]\n`);
    expect(stderr).not.toContain("Fetching");
  });

  describe("built with an address, a suite and keys of one's own", () => {
    let manifest: Manifest;
    let root: string;
    beforeAll(async () => {
      if (!isFull) return;
      const { exitCode, stderr } = await compose("build", "elxr.yml", "--config", "own.yml", "--output", "out");
      expect(exitCode, stderr).toBe(0);
      manifest = JSON.parse(await readFile(at("out/manifest.json"), "utf8")) as Manifest;
      root = await extractRoot(at("out/elxr-1.raw"), at("rootfs"));
    });

    it("has every package that the template asks for", ({ skip }) => {
      if (!isFull) skip(LONG);
      const names = manifest.packages.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining([...ONLY_ELXR.map(([name]) => name), "linux-image-amd64", "dracut"]),
      );
      expect(manifest.provider).toBe("wind-river-elxr-elxr12-x86_64");
    });

    it("names eLxr's own address and suite in manifest, SBOM and package sources, and the mirror nowhere", async ({
      skip,
    }) => {
      if (!isFull) skip(LONG);
      const sources = await aptSources(root, at("apt"));
      const texts = [
        await readFile(at("out/manifest.json"), "utf8"),
        await readFile(at("out/spdx_manifest.json"), "utf8"),
        sources.join("\n"),
      ];
      for (const text of texts) {
        expect(text).not.toContain(new URL(mirror).host);
        expect(text).not.toContain("bookworm");
      }
      expect(manifest.repositories).toContainEqual(
        expect.objectContaining({ id: "wind-river-elxr/aria", url: CANONICAL_URL, suite: "aria" }),
      );
      expect(texts[1]).toMatch(/"pkg:deb\/wind-river-elxr\/bash@[^"]+distro=wind-river-elxr-12"/);
      expect(sources).toEqual([`deb ${CANONICAL_URL} aria main non-free-firmware`]);
    });

    it("says that keys of somebody else vouch for it", ({ skip }) => {
      if (!isFull) skip(LONG);
      expect(manifest.warnings).toEqual([
        expect.objectContaining({ code: "FOREIGN_KEYS", repository: "wind-river-elxr/aria" }),
      ]);
    });

    it("boots to a login", { timeout: 2 * BOOT_TIMEOUT_MS }, async ({ skip }) => {
      if (!isFull) skip(LONG);
      const nonce = randomBytes(8).toString("hex");
      const script = `state=$$(systemctl is-system-running --wait); echo "REPORT ${nonce} $$state END" >/dev/ttyS0`;
      const unit = `[Unit]\nDescription=Report\n[Service]\nType=exec\nExecStart=/bin/sh -c '${script}'\n`;
      const report = ["--credential", `systemd.extra-unit.report.service=${unit}`];
      const wants = ["--credential", "systemd.unit-dropin.multi-user.target=[Unit]\nWants=report.service\n"];
      const argv = [COMPOSER, "boot", at("out/elxr-1.raw"), ...report, ...wants] as const;
      const session = openSerialSession({ argv, cwd: directory.path });
      try {
        const [said] = await session.waitFor(new RegExp(`REPORT ${nonce} .* END`), BOOT_TIMEOUT_MS);
        expect(said).toBe(`REPORT ${nonce} running END`);
        session.send("");
        await session.waitFor("login:", BOOT_TIMEOUT_MS);
      } finally {
        await session.close();
      }
    });
  });
});

function debWith(name: string, file: string): Buffer {
  const parents = file.split("/").slice(0, -1);
  const directories = parents.map((_, index): TarRecord => {
    return { name: `./${parents.slice(0, index + 1).join("/")}/`, type: "5", mode: 0o755 };
  });
  const fields = [`Package: ${name}`, "Version: 1", "Architecture: all", "Maintainer: T <t@example.org>"];
  const control = [...fields, "Description: stands in for eLxr's", ""].join("\n");
  return debOf(control, [...directories, { name: `./${file}`, content: `${name}\n` }]);
}

async function extractRoot(image: string, file: string): Promise<string> {
  const { partitiontable } = JSON.parse(await succeed(["sfdisk", "--json", image])) as {
    partitiontable: { partitions: { name: string; start: number; size: number }[] };
  };
  const root = partitiontable.partitions.find(({ name }) => name === "rootfs");
  if (root === undefined) throw new Error("the image has no root");
  const part = [`skip=${root.start * 512}`, `count=${root.size * 512}`, "iflag=skip_bytes,count_bytes"];
  await succeed(["dd", `if=${image}`, `of=${file}`, "bs=4M", "conv=sparse", "status=none", ...part]);
  return file;
}

/** The lines of the image's package sources. */
async function aptSources(root: string, directory: string): Promise<string[]> {
  await mkdir(directory);
  await succeed(["debugfs", "-R", `rdump /etc/apt ${directory}`, root]);
  const sources = path.join(directory, "apt/sources.list.d");
  const texts = await Promise.all((await readdir(sources)).map((name) => readFile(path.join(sources, name), "utf8")));
  return texts
    .join("\n")
    .split("\n")
    .filter((line) => line !== "");
}

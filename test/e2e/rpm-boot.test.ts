import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../src/host/index.ts";
import { type BootableDistribution, makeBootable } from "../fixtures/rpm-distribution/bootable/make-bootable.ts";
import { copyProgram } from "./support/copy-program.ts";
import { makeUser } from "./support/make-user.ts";
import { openSerialSession } from "./support/serial-session.ts";
import { makeDirectory, REPOSITORY, succeed } from "./support/workshop.ts";

const COMPOSER = path.join(REPOSITORY, "os-image-composer");
/** It takes 90 s when nothing else runs; a busy host is no fault of the image. */
const BOOT_TIMEOUT_MS = 10 * 60_000;
const isRoot = process.getuid?.() === 0;
const isFull = process.env["OIC_TEST_FULL"] !== undefined;

/**
 * What `rpm --verify --all` may find changed: configuration that a build or the first start writes.
 *
 * Accounts: users of the template and of package scripts. The rest is what the template says, or systemd.
 */
const CONFIGURED = new Set([
  ...["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid"],
  ...["/etc/fstab", "/etc/hosts", "/etc/hostname", "/etc/machine-id", "/etc/resolv.conf", "/etc/locale.conf"],
  ...["/etc/localtime", "/etc/motd", "/etc/shells", "/etc/ld.so.cache"],
]);

/**
 * Whether a line of the verification, `FLAGS:PATH`, is no fault.
 *
 * A FAT file system has no owners and modes, and the boot loader that the template asks for takes the place of the one in
 * the shim package.
 */
function isExpected(line: string): boolean {
  const [flags = "", file = ""] = line.split(":");
  if (/^\/boot\/efi\/EFI\/BOOT\/boot(x64|aa64)\.efi$/i.test(file)) return true;
  if (file === "/boot/efi" || file.startsWith("/boot/efi/")) return /^[.MUGT]+$/.test(flags);
  return CONFIGURED.has(file);
}

const DEBIAN_NAMES = { x86_64: "amd64", aarch64: "arm64" } as const;

interface System {
  readonly os: string;
  readonly arch: "x86_64" | "aarch64";
  readonly template: string;
  readonly image: string;
  /** Who builds: real root, or a plain user of this host with a copy of the program. */
  readonly asUser: boolean;
  readonly skipReason: string;
}

const SYSTEMS: readonly System[] = [
  {
    os: "azure-linux",
    arch: "x86_64",
    template: "azl3-x86_64-minimal-raw.yml",
    image: "azl3-minimal-1.0.0.raw",
    asUser: false,
    skipReason: "",
  },
  {
    os: "edge-microvisor-toolkit",
    arch: "x86_64",
    template: "emt3-x86_64-minimal-raw.yml",
    image: "emt3-minimal-1.0.0.raw",
    asUser: true,
    skipReason: !isFull ? "a second build: npm run test:rpm-boot" : isRoot ? "" : "only root can make a user for it",
  },
  {
    os: "azure-linux",
    arch: "aarch64",
    template: "azl3-x86_64-minimal-raw.yml",
    image: "azl3-minimal-1.0.0.raw",
    asUser: false,
    skipReason: !isFull ? "a third build: npm run test:rpm-boot" : whyNotForeign(),
  },
];

/** Why this host cannot build and start an image for aarch64; empty when it can. */
function whyNotForeign(): string {
  if (spawnSync("qemu-system-aarch64", ["--version"]).status !== 0) return "no qemu-system-aarch64 on this host";
  const registration = "/proc/sys/fs/binfmt_misc/qemu-aarch64";
  const runs =
    process.arch === "arm64" || (existsSync(registration) && /^flags: .*F/m.test(readFileSync(registration, "utf8")));
  return runs ? "" : "this host has registered no emulator for aarch64 (qemu-user-static, binfmt-support)";
}

describe("shipped templates of rpm systems, built from the fixture distribution", () => {
  let work: { path: string } & AsyncDisposable;
  beforeAll(async () => {
    work = await makeDirectory("rpm-boot-");
  });
  afterAll(async () => work[Symbol.asyncDispose]());

  const distributionOf = async (arch: System["arch"]): Promise<BootableDistribution> => {
    const distribution = await makeBootable(path.join(work.path, `distribution-${arch}`), DEBIAN_NAMES[arch]);
    await succeed(["chmod", "-R", "a+rX", work.path]);
    return distribution;
  };

  describe.each(SYSTEMS)("$template for $arch", (system) => {
    const password = randomBytes(12).toString("hex");
    let distribution: BootableDistribution;
    let directory: string;
    let image: string;
    let compressedSha256: string;
    let manifest: { packages: { name: string; version: string; architecture: string }[]; warnings: unknown[] };

    beforeAll(async () => {
      if (system.skipReason !== "") return;
      distribution = await distributionOf(system.arch);
      directory = path.join(work.path, `${system.os}-${system.arch}`);
      await mkdir(directory, { mode: 0o755 });
      await build(system, distribution, directory, password);
      image = path.join(directory, "out", `${system.image}.gz`);
      compressedSha256 = await nodeFiles.sha256(image);
      await succeed(["gzip", "--decompress", image]);
      image = image.slice(0, -".gz".length);
      manifest = JSON.parse(await readFile(path.join(directory, "out/manifest.json"), "utf8")) as typeof manifest;
    });

    it(
      "boots from a unified kernel image to a login, with every unit running and every package whole",
      { timeout: 2 * BOOT_TIMEOUT_MS + 5 * 60_000 },
      async ({ skip }) => {
        if (system.skipReason !== "") skip(system.skipReason);
        if (!isFull) skip("a boot of its own: npm run test:rpm-boot");
        const nonce = randomBytes(8).toString("hex");
        const session = openSerialSession({ argv: [COMPOSER, "boot", "--arch", system.arch, image], cwd: directory });
        try {
          await session.waitFor("login:", BOOT_TIMEOUT_MS);
          session.send("admin");
          await session.waitFor("Password:", 60_000);
          session.send(password);
          // What is typed before the shell asks for it is lost.
          await session.waitFor(/admin@\S+\$ /, 5 * 60_000);
          session.send(`echo "$(id -un) ${nonce} $((6 * 7))"`);
          await session.waitFor(`admin ${nonce} 42`, 2 * 60_000);
          session.send(`echo '${password}' | sudo -S -p '' bash -c '${reportScript(nonce)}'`);
          // The command itself is on the line as well, with names where the report has values.
          const [report] = await session.waitFor(new RegExp(`REPORT ${nonce} state=\\w.* END`), BOOT_TIMEOUT_MS);
          const facts = new Map(
            Array.from(report.matchAll(/(\w+)=(\S*)/g), ([, name = "", value = ""]) => [name, value]),
          );
          const changed =
            facts
              .get("changed")
              ?.split(",")
              .filter((line) => line !== "") ?? [];
          facts.delete("changed");
          const packages = String(manifest.packages.length);
          const expected = { state: "running", failed: "0", packages, sshd: "SSH-2.0", uki: "1" };
          expect(Object.fromEntries(facts)).toEqual(expected);
          expect(changed.filter((line) => !isExpected(line))).toEqual([]);
        } finally {
          await session.close();
        }
      },
    );

    // One of the systems is enough.
    const itOnce = system === SYSTEMS[0] ? it : () => undefined;
    itOnce("is the same when its trees are on disk and nothing is done meanwhile", async () => {
      const output = await build(system, distribution, directory, password, ["tree_storage: disk", "workers: 1"]);
      expect(await nodeFiles.sha256(path.join(output, `${system.image}.gz`))).toBe(compressedSha256);
    });

    it("has a manifest and an SBOM that name what the database names", async ({ skip }) => {
      if (system.skipReason !== "") skip(system.skipReason);
      const sbom = await readFile(path.join(directory, "out/spdx_manifest.json"), "utf8");
      const purls = sbom.match(/"pkg:rpm\/[^"]+"/g) ?? [];
      expect(purls).toHaveLength(manifest.packages.length);
      expect(sbom).toContain(`pkg:rpm/${system.os}/bash@`);
      expect(sbom).not.toContain("gpg-pubkey");
      expect(sbom).not.toContain(distribution.base);
      expect(manifest.warnings).toEqual([expect.objectContaining({ code: "FOREIGN_KEYS", repository: system.os })]);
    });
  });
});

async function build(
  { os, arch, template, asUser }: System,
  { base, keyFile }: BootableDistribution,
  directory: string,
  password: string,
  settings: readonly string[] = [],
): Promise<string> {
  const configuration = path.join(directory, "configuration.yml");
  // The address comes with the command, the keys from the configuration.
  const mirror = `mirrors: { ${os}: { url: "https://rpm.example.org", keys: ["${keyFile}"] } }`;
  await writeFile(configuration, [mirror, ...settings, ""].join("\n"));
  const output = path.join(directory, settings.length === 0 ? "out" : "out-again");
  const home = asUser ? path.join(directory, "copy") : REPOSITORY;
  if (asUser) await copyProgram(home);
  const shipped = path.join(home, "image-templates", template);
  const ofArchitecture = path.join(directory, `${arch}.yml`);
  await writeFile(ofArchitecture, (await readFile(shipped, "utf8")).replace("arch: x86_64", `arch: ${arch}`));
  const argv = [
    path.join(home, "os-image-composer"),
    ...["build", arch === "x86_64" ? shipped : ofArchitecture],
    ...["--mirror", `${os}=file://${base}`, "--config", configuration, "--output", output, "--no-image-cache"],
  ] as const;
  const env = { ...process.env, OIC_ADMIN_PASSWORD: password, HOME: directory };
  if (!asUser) {
    await succeed([...argv], { cwd: directory, env });
    return output;
  }
  await using user = await makeUser();
  await succeed(["chown", "-R", user.name, directory]);
  const through = ["setpriv", "--reuid", user.name, "--regid", user.name, "--init-groups"] as const;
  await succeed([...through, ...argv], { cwd: directory, env });
  return output;
}

/** Prints one line about the started system; it has no single quote in it. */
function reportScript(nonce: string): string {
  return [
    "state=$(systemctl is-system-running --wait)",
    "failed=$(systemctl --failed --no-legend --plain | wc -l)",
    // Nothing is said about a file that is as it was packaged.
    'changed=$(rpm --verify --all | sed -E "s/ +([a-z] )?/:/" | tr "\\n" ,)',
    "packages=$(rpm --query --all | grep -vc ^gpg-pubkey)",
    "exec 3<>/dev/tcp/127.0.0.1/22",
    "sshd=$(head -c 7 <&3)",
    "uki=$(ls /boot/efi/EFI/Linux/*.efi | wc -l)",
    `echo "REPORT ${nonce} state=$state failed=$failed packages=$packages sshd=$sshd uki=$uki changed=$changed END"`,
  ].join("; ");
}

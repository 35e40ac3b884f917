import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { Ajv2019 } from "ajv/dist/2019.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../src/host/index.ts";
import { readHostMirrors } from "../../src/ospackage/index.ts";
import { openSerialSession } from "./support/serial-session.ts";
import { IMAGE_NAME, makeDirectory, REPOSITORY, run, succeed, TEMPLATE } from "./support/workshop.ts";

const COMPOSER = path.join(REPOSITORY, "os-image-composer");
/** It takes 90 s when nothing else runs; a busy host is no fault of the image. */
const BOOT_TIMEOUT_MS = 10 * 60_000;

/** The README's first command, with the password that the README says to choose, and the mirror that this host uses. */
describe("the image that the README's first command makes", () => {
  const password = randomBytes(12).toString("hex");
  let directory: { path: string } & AsyncDisposable;
  let image: string;
  let partitions: Partitions;
  const build = () =>
    run([COMPOSER, "build", TEMPLATE, "--mirror", "debian=host", "--output", directory.path], {
      cwd: directory.path,
      env: { ...process.env, OIC_ADMIN_PASSWORD: password },
    });

  beforeAll(async () => {
    directory = await makeDirectory("first-image-");
    image = path.join(directory.path, IMAGE_NAME);
    const { exitCode, stderr } = await build();
    expect(stderr).toMatch(/^INFO: Build completed successfully$/m);
    expect(exitCode).toBe(0);
    partitions = await extractPartitions(image, directory.path);
  });
  afterAll(async () => directory[Symbol.asyncDispose]());

  it("has a partition table that sfdisk and sgdisk accept", async () => {
    expect(await succeed(["sfdisk", "--verify", image])).toMatch(/No errors detected/);
    expect(await succeed(["sgdisk", "--verify", image])).toMatch(/No problems found/);
  });

  it("has file systems in which e2fsck and fsck.vfat find nothing", async () => {
    const { esp, root } = partitions;
    expect(await succeed(["e2fsck", "-fn", root])).toMatch(/Pass 5/);
    expect(await succeed(["fsck.vfat", "-n", esp])).toMatch(/files,.*clusters/);
  });

  it("has a package database in which every package is installed, and a manifest and an SBOM that name the same", async () => {
    const { root } = partitions;
    const status = await succeed(["debugfs", "-R", "cat /var/lib/dpkg/status", root]);
    const stanzas = status.split("\n\n").filter((stanza) => stanza.trim() !== "");
    const field = (stanza: string, name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1] ?? "";
    expect(new Set(stanzas.map((stanza) => field(stanza, "Status")))).toEqual(new Set(["install ok installed"]));

    const installed = stanzas.map((stanza) => `${field(stanza, "Package")} ${field(stanza, "Version")}`).sort();
    const manifest = await readJson<{ packages: { name: string; version: string }[] }>("manifest.json");
    expect(manifest.packages.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(installed);
    const sbom = await readJson<{ packages: { name: string; versionInfo: string; externalRefs?: unknown[] }[] }>(
      "spdx_manifest.json",
    );
    const listed = sbom.packages.filter(({ externalRefs }) => externalRefs !== undefined);
    expect(listed.map(({ name, versionInfo }) => `${name} ${versionInfo}`).sort()).toEqual(installed);
  });

  it("has an SBOM that the official SPDX schema accepts", async () => {
    const schema = path.join(REPOSITORY, "test/fixtures/spdx/spdx-schema.json");
    const validate = new Ajv2019({ strict: false, allErrors: true }).compile(
      JSON.parse(await readFile(schema, "utf8")) as object,
    );
    validate(await readJson("spdx_manifest.json"));
    expect(validate.errors ?? []).toEqual([]);
  });

  it("names no mirror: package sources, manifest and SBOM have Debian's own addresses", async () => {
    const { root } = partitions;
    const sources = await succeed(["debugfs", "-R", "cat /etc/apt/sources.list.d/debian.sources", root]);
    const texts = [
      sources,
      JSON.stringify(await readJson("manifest.json")),
      JSON.stringify(await readJson("spdx_manifest.json")),
    ];
    expect(sources).toMatch("http://ftp.debian.org/debian");
    expect(sources).toMatch("http://security.debian.org/debian-security");
    for (const { url } of await readHostMirrors({ files: nodeFiles })) {
      for (const text of texts) expect(text).not.toContain(new URL(url).host);
    }
  });

  it("is the file whose digest the manifest has", async () => {
    const { artifacts } = await readJson<{ artifacts: { file: string; sha256: string; sizeBytes: number }[] }>(
      "manifest.json",
    );
    expect(artifacts).toHaveLength(1);
    expect(artifacts[0]).toMatchObject({
      file: IMAGE_NAME,
      sizeBytes: (await stat(image)).size,
      sha256: await sha256Of(image),
    });
  });

  it("is sparse, and holds neither SSH host keys nor a machine ID", async () => {
    const { size, blocks } = await stat(image);
    expect(blocks * 512).toBeLessThan(size / 4);
    const { root } = partitions;
    expect(await succeed(["debugfs", "-R", "ls -p /etc/ssh", root])).not.toMatch(/ssh_host_/);
    expect(await succeed(["debugfs", "-R", "cat /etc/machine-id", root])).toBe("");
    expect(await succeed(["debugfs", "-R", "cat /etc/shadow", root])).not.toMatch(/^[^:]+::/m);
  });

  it("is not made again when nothing changed", async () => {
    const before = await stat(image);
    const { exitCode, stderr } = await build();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/Reusing image/);
    expect(stderr).not.toMatch(/Installing packages|Creating raw disk image/);
    const after = await stat(image);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it(
    "boots under UEFI to a login, with every unit running and every package whole",
    { timeout: 2 * BOOT_TIMEOUT_MS + 5 * 60_000 },
    async () => {
      const nonce = randomBytes(8).toString("hex");
      const session = openSerialSession({
        argv: [COMPOSER, "boot", image, ...reportCredentials(nonce)],
        cwd: directory.path,
      });
      try {
        const [report] = await session.waitFor(new RegExp(`REPORT ${nonce} .* END`), BOOT_TIMEOUT_MS);
        expect(report).toBe(`REPORT ${nonce} state=running failed=0 audit=0 END`);
        session.send("");
        await session.waitFor("login:", BOOT_TIMEOUT_MS);
        session.send("admin");
        await session.waitFor("Password:", 60_000);
        session.send(password);
        await session.waitFor(/admin@debian13:~\$/, 60_000);
        session.send(`echo "$(id -un) $(cat /run/nonce) $((6 * 7))"`);
        await session.waitFor(`admin ${nonce} 42`, 60_000);
        session.send("sudo -n true; ls /etc/ssh/ssh_host_ed25519_key");
        await session.waitFor(/^\/etc\/ssh\/ssh_host_ed25519_key/m, 60_000);
      } finally {
        await session.close();
      }
    },
  );

  async function readJson<T>(name: string): Promise<T> {
    return JSON.parse(await readFile(path.join(directory.path, name), "utf8")) as T;
  }
});

/** Files that hold one partition each. */
interface Partitions {
  readonly esp: string;
  readonly root: string;
}

async function extractPartitions(image: string, directory: string): Promise<Partitions> {
  const { partitiontable } = JSON.parse(await succeed(["sfdisk", "--json", image])) as {
    partitiontable: { partitions: { name: string; start: number; size: number }[] };
  };
  for (const { name, start, size } of partitiontable.partitions) {
    const file = path.join(directory, name);
    const position = [`skip=${start * 512}`, `count=${size * 512}`, "iflag=skip_bytes,count_bytes"];
    await succeed(["dd", `if=${image}`, `of=${file}`, "bs=4M", "conv=sparse", "status=none", ...position]);
    await succeed(["truncate", "-s", String(size * 512), file]);
  }
  return { esp: path.join(directory, "boot"), root: path.join(directory, "rootfs") };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/**
 * Credentials that add a unit to the started system, without a change to the image: once the system has come up, it
 * reports on the serial line.
 *
 * @see systemd.system-credentials(7), "systemd.extra-unit.*"
 */
function reportCredentials(nonce: string): string[] {
  const script = [
    `echo ${nonce} >/run/nonce`,
    "chmod 644 /run/nonce",
    "state=$$(systemctl is-system-running --wait)",
    "failed=$$(systemctl --failed --no-legend --plain | wc -l)",
    "audit=$$(dpkg --audit | wc -l)",
    `echo "REPORT ${nonce} state=$$state failed=$$failed audit=$$audit END" >/dev/ttyS0`,
  ].join("; ");
  const unit = `[Unit]\nDescription=Report\n[Service]\nType=exec\nExecStart=/bin/sh -c '${script}'\n`;
  const dropIn = "[Unit]\nWants=report.service\n";
  return [
    ...["--credential", `systemd.extra-unit.report.service=${unit}`],
    ...["--credential", `systemd.unit-dropin.multi-user.target=${dropIn}`],
  ];
}

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProgram } from "./support/copy-program.ts";
import { makeUser } from "./support/make-user.ts";
import { explainDifference } from "./support/explain-difference.ts";
import { IMAGE_NAME, makeDirectory, REPOSITORY, succeed } from "./support/workshop.ts";

const isRoot = process.getuid?.() === 0;

/**
 * Two builds of one template, each from empty directories, on hosts as different as one machine can be: user, file
 * system of the trees, directory, number of downloads, host name, time zone, locale, umask. Another clock and another
 * kernel are in fresh-machine.test.ts.
 */
describe("two builds of the same template", () => {
  let work: { path: string } & AsyncDisposable;
  let template: string;
  beforeAll(async () => {
    work = await makeDirectory("determinism-");
    await succeed(["chmod", "755", work.path]);
    template = await writeTemplate(path.join(work.path, "template"));
  });
  afterAll(async () => work[Symbol.asyncDispose]());

  it("give the same bytes", async () => {
    const before = await buildHere(path.join(work.path, "a"));
    const second = await buildElsewhere(path.join(work.path, "elsewhere", "b"));
    // The archive is updated several times a day; when that was between the two, the first one is built again.
    const isSame = (await indexesOf(before)) === (await indexesOf(second));
    const first = isSame ? before : await buildHere(path.join(work.path, "c"));
    expect(await explainDifference(path.join(first, IMAGE_NAME), path.join(second, IMAGE_NAME))).toBeUndefined();
    for (const name of ["manifest.json", "spdx_manifest.json", `${IMAGE_NAME}.zst`]) {
      const [ours, theirs] = await Promise.all([first, second].map((output) => readFile(path.join(output, name))));
      expect(theirs?.equals(ours ?? Buffer.of()), name).toBe(true);
    }
    const manifest = await readFile(path.join(first, "manifest.json"), "utf8");
    expect(manifest).toContain('"name": "greeting"');
  });

  async function buildHere(directory: string): Promise<string> {
    await mkdir(directory);
    const configuration = path.join(work.path, "memory.yml");
    await writeFile(configuration, "tree_storage: tmpfs\n");
    const composer = path.join(REPOSITORY, "os-image-composer");
    await succeed([composer, ...buildArguments(template, configuration, directory)], {
      cwd: directory,
      env: { ...process.env, TZ: "UTC" },
    });
    return path.join(directory, "out");
  }

  /** As a plain user where there is one to be, from a copy of the program, with trees on disk. */
  async function buildElsewhere(directory: string): Promise<string> {
    await mkdir(directory, { recursive: true });
    const copy = path.join(work.path, "copy");
    await copyProgram(copy);
    const configuration = path.join(work.path, "disk.yml");
    await writeFile(configuration, "tree_storage: disk\nworkers: 1\n");
    const argv = [path.join(copy, "os-image-composer"), ...buildArguments(template, configuration, directory)];
    const env = { ...process.env, TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8", HOME: directory };
    const withUmask = ["sh", "-c", 'umask 077 && exec "$@"', "sh", ...argv] as const;
    if (!isRoot) {
      await succeed([...withUmask], { cwd: directory, env });
      return path.join(directory, "out");
    }
    await using user = await makeUser();
    await succeed(["chown", "-R", user.name, directory]);
    const asUser = ["setpriv", "--reuid", user.name, "--regid", user.name, "--init-groups", ...withUmask];
    const renamed = ["unshare", "--uts", "sh", "-c", 'hostname another-host && exec "$@"', "sh", ...asUser] as const;
    await succeed([...renamed], { cwd: directory, env });
    return path.join(directory, "out");
  }
});

/** The digests of the repositories' signed metadata. */
async function indexesOf(output: string): Promise<string> {
  const manifest = await readFile(path.join(output, "manifest.json"), "utf8");
  return Array.from(manifest.matchAll(/"metadataSha256": "(\w+)"/g), ([, digest]) => digest).join(" ");
}

/** The minimal image with something of everything: a local package, a file, a user, a command, a compressed artifact. */
async function writeTemplate(directory: string): Promise<string> {
  const packageTree = path.join(directory, "greeting");
  await mkdir(path.join(packageTree, "DEBIAN"), { recursive: true });
  const control = { Package: "greeting", Version: "1.0", Architecture: "all", Maintainer: "Test <test@example.com>" };
  const fields = Object.entries({ ...control, Depends: "bash", Description: "says hello" });
  await writeFile(path.join(packageTree, "DEBIAN/control"), fields.map((field) => `${field.join(": ")}\n`).join(""));
  await mkdir(path.join(directory, "packages"));
  await succeed(["dpkg-deb", "--build", "--root-owner-group", packageTree, path.join(directory, "packages")]);
  await writeFile(path.join(directory, "motd"), "Hello\n");
  await mkdir(path.join(directory, "site/pages"), { recursive: true });
  for (const name of ["b", "a", "pages/c"]) await writeFile(path.join(directory, "site", name), name);
  const template = path.join(directory, "everything.yml");
  await writeFile(
    template,
    `image: { name: debian13-minimal, version: "1.0.0" }
target: { os: debian, dist: debian13, arch: x86_64, imageType: raw }
disk:
  artifacts: [{ type: raw }, { type: raw, compression: zstd }]
packageRepositories:
  - { codename: local, path: ${path.join(directory, "packages")}, priority: 600 }
systemConfig:
  name: everything
  hostname: everything
  timezone: Europe/Berlin
  keyboard: { layout: de }
  groups: [{ name: operators, gid: 2000 }]
  packages: [sudo, greeting]
  users:
    - { name: visitor, password: secret, sudo: true, groups: [adm, operators], passwordMaxAge: 90, sshAuthorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEaP4/sffgPSF0hsWvq7lpEo9K6XFqG658f9dDcWhSG9 test"] }
  additionalFiles:
    - { local: motd, final: /etc/motd }
    - { local: site, final: /srv/site }
    - { content: "early\\n", final: /etc/early, stage: pre-initramfs, owner: visitor:operators }
  preInstallScripts:
    - { inline: "mkdir -p $IMAGE_ROOT/etc/dpkg && echo >$IMAGE_ROOT/etc/before" }
  postInstallScripts:
    - { inline: "echo $STATE $1 >/etc/after", arguments: [ready], environment: { STATE: is } }
  configurations:
    - cmd: dpkg --status greeting >/etc/greeting
`,
  );
  await succeed(["chmod", "-R", "a+rX", directory]);
  return template;
}

function buildArguments(template: string, configuration: string, directory: string): string[] {
  const output = path.join(directory, "out");
  return ["build", template, "--mirror", "debian=host", "--config", configuration, "--output", output];
}

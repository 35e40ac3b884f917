import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createTreeWriter } from "../../src/host/index.ts";
import {
  type RpmRepositorySource,
  digestOf,
  fetchPackages,
  readRpmRepository,
  readTrustedKeys,
  unpackRpm,
  verifyRpm,
} from "../../src/ospackage/index.ts";
import { REPOSITORY, makeDirectory, run, succeed } from "../e2e/support/workshop.ts";
import { BAD_KINDS, type BadRepositoryKind } from "../fixtures/rpm-distribution/bad/kinds.ts";
import {
  type BadRepository,
  type BadRepositoryKeys,
  makeBadRepository,
  makeBadRepositoryKeys,
} from "../fixtures/rpm-distribution/bad/make-bad-repository.ts";
import {
  type BootableDistribution,
  buildUnsignedBootable,
  makeBootable,
} from "../fixtures/rpm-distribution/bootable/make-bootable.ts";
import { CACHE } from "../fixtures/rpm-distribution/cached-directory.ts";
import { metadataFile } from "../fixtures/rpm-distribution/repository/rewrite-metadata.ts";
import { type SigningKey, makeSigningKey, packagesIn } from "../fixtures/rpm-distribution/repository/signing-key.ts";
import { type TinyDistribution, buildTiny, makeTiny } from "../fixtures/rpm-distribution/tiny/make-tiny.ts";
import { testHost } from "../fixtures/test-host.ts";
import { dnfChoice } from "./dnf-choice.ts";
import { createDnfInstallroot } from "./dnf-installroot.ts";

const isFull = process.env["OIC_TEST_FULL"] !== undefined;
const lacks = ["rpmbuild", "rpmsign", "createrepo_c", "gpg"].filter((program) => !existsSync(`/usr/bin/${program}`));
const lacksOfBootable = [...lacks, ...["secilc"].filter((program) => !existsSync(`/usr/bin/${program}`))];
const isRoot = process.getuid?.() === 0;
const hasDnf = existsSync("/usr/bin/dnf");

let directory: Awaited<ReturnType<typeof makeDirectory>>;
beforeAll(async () => {
  directory = await makeDirectory("rpm-distribution-");
});
afterAll(() => directory[Symbol.asyncDispose]());

describe.skipIf(lacks.length > 0)(`the tiny RPM repositories${without(lacks)}`, () => {
  let key: SigningKey;
  let tiny: TinyDistribution;
  beforeAll(async () => {
    key = await makeSigningKey();
    tiny = await makeTiny(path.join(directory.path, "tiny"), key);
  });
  afterAll(() => key[Symbol.asyncDispose]());

  it.each(["x86_64", "aarch64"] as const)("have the same unsigned packages each time, for %s", async (architecture) => {
    const [one, other] = ["one", "other"].map((name) => path.join(directory.path, `${architecture}-${name}`));
    for (const output of [one, other]) await buildTiny(architecture, output ?? "");
    const digests = digestsBelow(one ?? "");
    expect(digests.size).toBeGreaterThan(60);
    expect(digestsBelow(other ?? "")).toEqual(digests);
  });

  it("have packages whose signature rpm accepts, once it knows the key", async () => {
    const { base, updates, extras, keyFile } = tiny;
    const files = [base, updates, extras].flatMap((repository) => packagesIn(path.join(repository, "Packages")));
    expect(await rpmVerdicts(files, undefined)).toEqual(new Set(["digests SIGNATURES NOT OK"]));
    expect(await rpmVerdicts(files, keyFile)).toEqual(new Set(["digests signatures OK"]));
  });

  it("say in primary and file lists what rpm says about the packages", async () => {
    const files = packagesIn(path.join(tiny.base, "Packages"));
    const listed = await succeed(["rpm", "-qp", "--nosignature", "--qf", "[%{FILENAMES}\\n]", ...files]);
    const named = (type: string, pattern: RegExp): string[] =>
      [...metadataText(tiny.base, type).matchAll(pattern)].map(([, text = ""]) => unescapeXml(text)).sort();
    const paths = named("filelists", /<file[^>]*>([^<]+)<\/file>/g);
    expect(paths).toEqual(listed.trimEnd().split("\n").sort());
    expect(paths).toContain("/usr/share/tool/rules.conf");
    expect(named("primary", /<file[^>]*>([^<]+)<\/file>/g)).not.toContain("/usr/share/tool/rules.conf");
    expect(named("primary", /<location [^>]*href="Packages\/([^"]+)"/g)).toEqual(
      files.map((file) => path.basename(file)).sort(),
    );
  });

  it.skipIf(!hasDnf)("are read by dnf, however their metadata are compressed, digested and placed", async () => {
    const { base, updates, baseZstd, baseSha512, baseElsewhere, keyFile } = tiny;
    const chosen = ["needs-file", "rich-or", "scripted", "tool"];
    const wanted = [
      "needs-file-1.0-1",
      "rich-or-1.0-1",
      "scripted-1.0-1",
      "server-b-2.0-1",
      "shell-1.0-1",
      "tool-1.0-1",
    ];
    for (const repository of [base, baseZstd, baseSha512, baseElsewhere]) {
      expect(await dnfChoice([repository], keyFile, chosen)).toEqual(wanted);
    }
    const upgraded = await dnfChoice([base, updates], keyFile, ["app", "needs-old-name", "epoch"]);
    expect(upgraded).toEqual(["app-1.1-1", "epoch-1:0.5-1", "lib-1.3-1", "needs-old-name-1.0-1", "new-name-2.0-1"]);
  });
});

describe.skipIf(lacks.length > 0)("bad RPM repositories", () => {
  let keys: BadRepositoryKeys;
  beforeAll(async () => {
    keys = await makeBadRepositoryKeys();
  });
  afterAll(() => keys[Symbol.asyncDispose]());

  it.each(Object.keys(BAD_KINDS) as BadRepositoryKind[])("are refused: %s", async (kind) => {
    const bad = await makeBadRepository(kind, path.join(directory.path, "bad", kind), keys);
    const root = path.join(directory.path, "roots", kind);
    mkdirSync(root, { recursive: true });
    await expect(useRepository(bad, path.join(directory.path, "caches", kind), root)).rejects.toMatchObject({
      code: BAD_KINDS[kind].code,
    });
    expect(readdirSync(root)).toEqual([]);
  });
});

describe.skipIf(lacksOfBootable.length > 0)(`the bootable RPM distribution${without(lacksOfBootable)}`, () => {
  let bootable: BootableDistribution;
  beforeAll(async () => {
    bootable = await makeBootable(path.join(CACHE, "bootable"));
  });

  it("has the same unsigned packages each time", async ({ skip }) => {
    if (!isFull) skip("two minutes of work: npm run test:full");
    const [one, other] = ["one", "other"].map((name) => path.join(directory.path, `bootable-${name}`));
    for (const output of [one, other]) await buildUnsignedBootable(output ?? "");
    const digests = digestsBelow(one ?? "");
    expect(digests.size).toBeGreaterThan(200);
    expect(digestsBelow(other ?? "")).toEqual(digests);
  });

  it("has packages whose signature rpm accepts", async () => {
    const { base, updates, keyFile } = bootable;
    const files = [base, updates].flatMap((repository) => packagesIn(path.join(repository, "Packages")));
    expect(await rpmVerdicts(files, keyFile)).toEqual(new Set(["digests signatures OK"]));
  });

  it
    .skipIf(!hasDnf)
    .each([
      "azure-linux/azl3/imageconfigs/defaultconfigs/default-raw-x86_64.yml",
      "azure-linux/azl3/imageconfigs/defaultconfigs/default-iso-x86_64.yml",
      "azure-linux/azl3/imageconfigs/defaultconfigs/default-initrd-x86_64.yml",
      "edge-microvisor-toolkit/emt3/imageconfigs/defaultconfigs/default-raw-x86_64.yml",
      "edge-microvisor-toolkit/emt3/imageconfigs/defaultconfigs/default-iso-x86_64.yml",
      "edge-microvisor-toolkit/emt3/imageconfigs/defaultconfigs/default-initrd-x86_64.yml",
    ])("has everything that %s asks for", async (template) => {
    const chosen = await dnfChoice([bootable.base], bootable.keyFile, packagesOf(template));
    expect(chosen.length).toBeGreaterThan(100);
  });

  it("has a shim that starts its GRUB, whose commands are in the place that it is made for", async () => {
    const names = ["shim", "shim-helpers-amd64-signed", "grub2-efi-binary"];
    const files = path.join(directory.path, "boot-loader");
    mkdirSync(files);
    const writer = createTreeWriter(files, { setOwners: false });
    for (const file of packagesIn(path.join(bootable.base, "Packages"))) {
      if (!names.some((name) => new RegExp(`^${name}-\\d`).test(path.basename(file)))) continue;
      await unpackRpm(testHost(new Date()), file, writer);
    }
    const hello = "started by shim and GRUB";
    writeFileSync(
      path.join(files, "boot/efi/EFI/debian/grub.cfg"),
      `terminal_output serial\necho "${hello}"\nsleep 9\n`,
    );
    const esp = path.join(directory.path, "esp.raw");
    await succeed(["mformat", "-C", "-F", "-T", "131072", "-i", esp, "::"]);
    await succeed(["mcopy", "-s", "-i", esp, path.join(files, "boot/efi/EFI"), "::/"]);
    await succeed([path.join(REPOSITORY, "os-image-composer"), "boot", esp, "--expect", hello, "--timeout", "300"]);
  });

  it.skipIf(!hasDnf)("is the same however its metadata are compressed and placed, and can be updated", async () => {
    const { base, updates, baseZstd, baseElsewhere, keyFile } = bootable;
    const names = packagesOf("azure-linux/azl3/imageconfigs/defaultconfigs/default-raw-x86_64.yml");
    const chosen = await dnfChoice([base], keyFile, names);
    for (const variant of [baseZstd, baseElsewhere]) expect(await dnfChoice([variant], keyFile, names)).toEqual(chosen);
    const updated = await dnfChoice([base, updates], keyFile, names);
    expect(updated.filter((name) => !chosen.includes(name))).toEqual([
      ...["azurelinux-release-3.0-2.azl3", "cloud-growpart-2.0-1.azl3", "hyperv-daemons-1.1-1.azl3"],
      ...["kernel", "openssl-libs"].map((name) => `${chosen.find((each) => each.startsWith(`${name}-`))}.1`),
    ]);
    expect(updated.filter((name) => /selinux-policy|policycoreutils/.test(name))).toEqual([]);
  });

  it.skipIf(!hasDnf || !isRoot)("has a library and a kernel that take the place of installed ones", async () => {
    const { base, updates, keyFile } = bootable;
    mkdirSync(path.join(directory.path, "updated"));
    const dnf = createDnfInstallroot(path.join(directory.path, "updated"), base, keyFile);
    await dnf.install(["kernel", "openssl-libs"]);
    const rpm = ["rpm", "--force-debian", "--root", dnf.root, "--dbpath", "/var/lib/rpm"] as const;
    const newer = packagesIn(path.join(updates, "Packages")).filter((file) => /\/(kernel|openssl-libs)-/.test(file));
    expect(await run([...rpm, "-D", "_pkgverify_level all", "-U", ...newer])).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
    const installed = await succeed([...rpm, "-q", "kernel", "openssl-libs"]);
    expect(installed.trimEnd().split("\n")).toEqual(newer.map((file) => path.basename(file, ".rpm")));
  });
});

/** For the title of tests that this host has no programs for. */
function without(programs: readonly string[]): string {
  return programs.length > 0 ? ` (without ${programs.join()})` : "";
}

/** Everything that happens to the package `app` of a repository before it is installed. */
async function useRepository(bad: BadRepository, cacheDir: string, root: string): Promise<void> {
  const host = testHost(new Date());
  const address = `file://${bad.directory}/`;
  const source: RpmRepositorySource = {
    ...{ kind: "rpm", id: "bad", canonicalUrl: "https://rpm.example.org/", urls: [address], keys: bad.keys },
    ...{ foreignKeys: false, gpgCheck: true, repoGpgCheck: true, priority: 500 },
  };
  const options = { architecture: "x86_64", cacheDir, offline: false, emit: () => undefined };
  if (bad.newerDirectory !== undefined) {
    const [now, then] = ["repodata", "repodata-older"].map((name) => path.join(bad.directory, name));
    renameSync(now ?? "", then ?? "");
    cpSync(path.join(bad.newerDirectory, "repodata"), now ?? "", { recursive: true });
    await readRpmRepository(host, source, options);
    rmSync(now ?? "", { recursive: true });
    renameSync(then ?? "", now ?? "");
  }
  const { index } = await readRpmRepository(host, source, options);
  const app = index.byName("app").flatMap((each) => {
    const digest = digestOf(each);
    return digest === undefined ? [] : [{ ...each, digest, url: address + each.path }];
  });
  const files = await fetchPackages(host, app, { ...options, workers: 1 });
  const trusted = await readTrustedKeys(host, bad.keys);
  for (const file of files.values()) {
    await verifyRpm(host, file, trusted, new Date());
    await unpackRpm(host, file, createTreeWriter(root, { setOwners: false, maxBytes: 1024 ** 2 }));
  }
}

/** What `rpm -K` says, each answer once. */
async function rpmVerdicts(files: readonly string[], keyFile: string | undefined): Promise<Set<string>> {
  await using database = await makeDirectory("rpm-database-");
  const options = ["--define", `_dbpath ${database.path}`];
  await succeed(["rpm", ...options, "--initdb"]);
  if (keyFile !== undefined) await succeed(["rpm", ...options, "--import", keyFile]);
  const { stdout } = await run(["rpm", ...options, "-K", ...files]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBe(files.length);
  return new Set(lines.map((line) => line.slice(line.indexOf(": ") + 2)));
}

function digestsBelow(parent: string): ReadonlyMap<string, string> {
  const names = readdirSync(parent, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rpm"));
  const digest = (name: string): string =>
    createHash("sha256")
      .update(readFileSync(path.join(parent, name)))
      .digest("hex");
  return new Map(names.sort().map((name) => [name, digest(name)]));
}

function metadataText(repository: string, type: string): string {
  return gunzipSync(readFileSync(metadataFile(repository, type))).toString("utf8");
}

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** All names in a template: those of the system and those of the kernel. */
function packagesOf(template: string): string[] {
  const { systemConfig } = parse(readFileSync(path.join(REPOSITORY, "config/osv", template), "utf8")) as {
    systemConfig: { packages?: string[]; kernel?: { packages?: string[] } };
  };
  return [...(systemConfig.packages ?? []), ...(systemConfig.kernel?.packages ?? [])];
}

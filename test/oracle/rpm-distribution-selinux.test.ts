import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTreeWriter } from "../../src/host/index.ts";
import { unpackRpm } from "../../src/ospackage/index.ts";
import { makeDirectory, run } from "../e2e/support/workshop.ts";
import { downloadDebs } from "../fixtures/rpm-distribution/bootable/download-debs.ts";
import { makeBootable } from "../fixtures/rpm-distribution/bootable/make-bootable.ts";
import { POLICY_DEB, compileSelinuxPolicy } from "../fixtures/rpm-distribution/bootable/selinux-policy.ts";
import { unpackDeb } from "../fixtures/rpm-distribution/bootable/unpack-deb.ts";
import { CACHE } from "../fixtures/rpm-distribution/cached-directory.ts";
import { packagesIn } from "../fixtures/rpm-distribution/repository/signing-key.ts";
import { testHost } from "../fixtures/test-host.ts";

const POLICY = "etc/selinux/targeted/policy/policy.33";
const CONTEXTS = "etc/selinux/targeted/contexts/files/file_contexts";
const INSTALLED = ["filesystem", "setup", "bash", "login", "openssh-server", "systemd", "systemd-udev", "kernel"];

const LABELS: Readonly<Record<string, string>> = {
  "/": "root_t",
  "/bin": "bin_t",
  "/boot": "boot_t",
  "/etc/passwd": "etc_t",
  "/etc/shadow": "shadow_t",
  "/etc/ssh/sshd_config": "etc_t",
  "/tmp": "tmp_t",
  "/usr/bin/bash": "shell_exec_t",
  "/usr/bin/login": "login_exec_t",
  "/usr/lib/modules": "modules_object_t",
  "/usr/lib/systemd/systemd": "init_exec_t",
  "/usr/sbin/sshd": "sshd_exec_t",
  "/var/log": "var_log_t",
};

/** Only a file system that belongs to the name space takes labels from it; the tree's own is the host's. */
const LABEL = `
mount -t tmpfs tree "$1"
cp -a "$2/." "$1"
setfiles -F -r "$1" "$3" "$1"
cd "$1" && find . -print0 | sort -z | xargs -0 getfattr -h --absolute-names -n security.selinux || :`;

const environment = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8" };
const programs = [
  "/usr/bin/rpmbuild",
  "/usr/bin/createrepo_c",
  "/usr/bin/secilc",
  "/usr/sbin/setfiles",
  "/usr/bin/getfattr",
];
const lacks = programs.filter((program) => !existsSync(program));
const without = lacks.length > 0 ? ` (without ${lacks.join()})` : "";
const hasNamespaces = (await run(["unshare", "-Ur", "-m", "true"])).exitCode === 0;

describe.skipIf(lacks.length > 0)(`the SELinux policy of the RPM distribution${without}`, () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;
  let base: string;
  const at = (...parts: string[]): string => path.join(directory.path, ...parts);
  const unpack = async (name: string, tree: string): Promise<void> => {
    const file = packagesIn(path.join(base, "Packages")).find((each) =>
      new RegExp(`^${name}-\\d`).test(path.basename(each)),
    );
    const writer = createTreeWriter(tree, { setOwners: false });
    await unpackRpm(testHost(new Date()), file ?? name, writer);
  };
  beforeAll(async () => {
    directory = await makeDirectory("rpm-distribution-selinux-");
    ({ base } = await makeBootable(path.join(CACHE, "bootable")));
    mkdirSync(at("policy"));
    await unpack("selinux-policy", at("policy"));
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  it("is the same bytes when it is compiled again", async () => {
    const debs = await downloadDebs([POLICY_DEB], path.join(CACHE, "debs-amd64"), "amd64");
    const file = debs.find((deb) => path.basename(deb.file).startsWith(`${POLICY_DEB}_`))?.file ?? "";
    const again = await compileSelinuxPolicy(await unpackDeb(file, at("again")));
    for (const name of [POLICY, CONTEXTS, `${CONTEXTS}.bin`]) {
      const [packaged, compiled] = [at("policy"), again.buildRoot].map((root) => readFileSync(path.join(root, name)));
      expect([name, packaged?.equals(compiled ?? Buffer.of())]).toEqual([name, true]);
    }
  });

  it("knows every label that its own file contexts give", async () => {
    const check = (contexts: string): ReturnType<typeof run> =>
      run(["setfiles", "-c", at("policy", POLICY), contexts], { env: environment });
    expect(await check(at("policy", CONTEXTS))).toMatchObject({ exitCode: 0 });
    const wrong = at("wrong_contexts");
    writeFileSync(wrong, `${readFileSync(at("policy", CONTEXTS), "utf8")}\n/x\tsystem_u:object_r:no_such_t:s0\n`);
    expect(await check(wrong)).not.toMatchObject({ exitCode: 0 });
  });

  it.skipIf(!hasNamespaces)("labels every file of an installed tree, without root", async () => {
    for (const name of ["tree", "mounted"]) mkdirSync(at(name));
    for (const name of INSTALLED) await unpack(name, at("tree"));
    const inside = ["sh", "-euc", LABEL, "sh", at("mounted"), at("tree"), at("policy", CONTEXTS)];
    const { exitCode, stdout, stderr } = await run(["unshare", "-Ur", "-m", ...inside], { env: environment });
    expect([exitCode, stderr.match(/^setfiles:.*/m)]).toEqual([0, null]);
    const found = [...stdout.matchAll(/^# file: \.(.*)\nsecurity\.selinux="(.*?)(?:\\000)?"$/gm)];
    const labels = new Map(found.map(([, file = "", label]) => [file === "" ? "/" : file, label]));
    expect(labels.size).toBeGreaterThan(1000);
    const unlabelled = [...stderr.matchAll(/^\.(.*): security\.selinux: No such attribute$/gm)].map(([, file]) => file);
    // What the kernel mounts there has labels of its own.
    expect(unlabelled).toEqual(["/proc"]);
    const chosen = Object.keys(LABELS).map((file) => [file, labels.get(file)]);
    expect(Object.fromEntries(chosen)).toEqual(
      Object.fromEntries(Object.entries(LABELS).map(([file, type]) => [file, `system_u:object_r:${type}:s0`])),
    );
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { nodeFiles } from "../../src/host/index.ts";
import { readTrustedKeys } from "../../src/ospackage/index.ts";
import { run, succeed } from "../e2e/support/workshop.ts";
import { APPSTREAM, BASEOS, type ElPackage } from "../fixtures/el10-packages.ts";
import { planRpmRepository, type TestRpm } from "../fixtures/rpm-metadata.ts";
import { askDnf } from "./resolver-rpm-dnf.ts";

const CHECKOUT = path.resolve(import.meta.dirname, "../..");
const PROVIDER = path.join(CHECKOUT, "config/osv/redhat-compatible-distro");
const FINGERPRINT = "99DB70FAE1D7CE227FB6488205B555B38483C65D";
const REPOSITORIES = { baseos: BASEOS, appstream: APPSTREAM };

interface Lock {
  readonly packages: readonly LockedPackage[];
  readonly toolPackages: readonly LockedPackage[];
  readonly repositories: readonly { readonly id: string; readonly url: string; readonly verified: boolean }[];
}
interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly repository: string;
}

/** Its repositories are not reachable from everywhere: metadata of the same shape stand in for them. */
describe("redhat-compatible-distro/el10, which is nothing but data", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "el10-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("has a key that gpg and we know by the same fingerprint, and that may sign", async () => {
    const file = path.join(PROVIDER, "keys/centos-official.asc");
    const shown = await succeed(["gpg", "--homedir", directory, "--show-keys", "--with-colons", file]);
    expect(shown).toMatch(new RegExp(`^fpr:+${FINGERPRINT}:$`, "m"));
    const [key] = await readTrustedKeys({ files: nodeFiles }, [{ file, fingerprints: [FINGERPRINT] }]);
    const signing = await key?.getSigningKey(undefined, new Date("2026-01-01T00:00:00Z"));
    expect(signing?.getFingerprint().toUpperCase()).toBe(FINGERPRINT);
  });

  describe.each(["x86_64", "aarch64"])("on %s", (architecture) => {
    let lock: Lock;
    let metadata: readonly { id: string; primary: string; fileLists: string }[];

    beforeAll(async () => {
      const place = path.join(directory, architecture);
      metadata = Object.entries(REPOSITORIES).map(([id, packages]) => {
        const files = planRpmRepository({ packages: packages.map((each) => testRpm(each, architecture)), ending: "" });
        for (const [name, content] of files) {
          mkdirSync(path.dirname(path.join(place, id, name)), { recursive: true });
          writeFileSync(path.join(place, id, name), content);
        }
        const text = (name: string) => Buffer.from(files.get(`repodata/${name}.xml`) ?? "").toString("utf8");
        return { id, primary: text("primary"), fileLists: text("filelists") };
      });
      const target = `{ os: redhat-compatible-distro, dist: el10, arch: ${architecture}, imageType: raw }`;
      writeFileSync(path.join(place, "el.yml"), `image: { name: el, version: "1" }\ntarget: ${target}\n`);
      const mirrors = Object.keys(REPOSITORIES).flatMap((id) => ["--mirror", `${id}=file://${place}/${id}`]);
      const program = path.join(CHECKOUT, "os-image-composer");
      const { exitCode, stderr } = await run([program, "lock", "el.yml", ...mirrors], { cwd: place });
      expect(exitCode, stderr).toBe(0);
      lock = JSON.parse(readFileSync(path.join(place, "el.lock.json"), "utf8")) as Lock;
    });

    it("resolves the default template, in both repositories, as dnf does", () => {
      const names = lock.packages.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([...askedFor(architecture)]));
      expect(new Set(lock.packages.map(({ repository }) => repository))).toEqual(new Set(["baseos", "appstream"]));
      if (architecture !== "x86_64") return;
      const repositories = metadata.map((each) => ({ ...each, priority: 500 }));
      const sets = [askedFor(architecture), toolsFor(architecture)];
      expect(askDnf([{ name: "el10", repositories, sets }])).toEqual([
        [{ packages: texts(lock.packages) }, { packages: texts(lock.toolPackages) }],
      ]);
    });

    it("takes what is asked for where EL has a choice, and nothing that is only recommended", () => {
      const names = new Set(lock.packages.map(({ name }) => name));
      const chosen = ["glibc-minimal-langpack", "coreutils", "systemd", "systemd-udev", "util-linux-core"];
      expect(chosen.filter((name) => !names.has(name))).toEqual([]);
      const others = ["glibc-all-langpacks", "glibc-langpack-en", "coreutils-single", "systemd-standalone-sysusers"];
      const weak = ["glibc-gconv-extra", "linux-firmware", "python3-dbus", "vim-minimal", "memstrack"];
      const conditional = ["rpm-plugin-selinux", "selinux-policy", "NetworkManager-ovs", "openvswitch", "libselinux"];
      expect([...others, ...weak, ...conditional, "udev"].filter((name) => names.has(name))).toEqual([]);
    });

    it("takes the newest kernel, whole", () => {
      const kernels = lock.packages.filter(({ name }) => name.startsWith("kernel"));
      expect(kernels.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(
        ["kernel", "kernel-core", "kernel-modules", "kernel-modules-core"].map((name) => `${name} 6.12.0-161.el10`),
      );
    });

    it("names the canonical addresses, and keys that are the provider's own", () => {
      expect(lock.repositories).toMatchObject([
        { id: "baseos", url: `https://mirror.stream.centos.org/10-stream/BaseOS/${architecture}/os`, verified: true },
        {
          id: "appstream",
          url: `https://mirror.stream.centos.org/10-stream/AppStream/${architecture}/os`,
          foreignKeys: false,
        },
      ]);
    });
  });
});

function askedFor(architecture: string): readonly string[] {
  const file = path.join(PROVIDER, `el10/imageconfigs/defaultconfigs/default-raw-${architecture}.yml`);
  const { systemConfig } = parse(readFileSync(file, "utf8")) as {
    systemConfig: { packages: string[]; kernel: { packages: string[] } };
  };
  return [...systemConfig.packages, ...systemConfig.kernel.packages];
}

function toolsFor(architecture: string): readonly string[] {
  const file = path.join(PROVIDER, `el10/chrootenvconfigs/chrootenv_${architecture}.yml`);
  return (parse(readFileSync(file, "utf8")) as { packages: string[] }).packages;
}

/** As dnf writes them, sorted. */
function texts(packages: readonly LockedPackage[]): readonly string[] {
  return packages.map(({ name, version, architecture }) => `${name}-${version}.${architecture}`).sort();
}

function testRpm(row: ElPackage, architecture: string): TestRpm {
  const { name, version: evr = "1.0-1.el10", noarch = false, files = [] } = row;
  const [version = "", release = ""] = evr.split("-");
  const relations = ["requires", "conflicts", "obsoletes", "recommends", "suggests", "supplements"] as const;
  const format = [
    ...relations.map((relation) => {
      const entries = row[relation] ?? [];
      return entries.length === 0 ? "" : `<rpm:${relation}>${entryElements(entries)}</rpm:${relation}>`;
    }),
    ...files.map((file) => `<file>${file}</file>`),
  ].join("\n");
  const provides = entryElements(row.provides ?? []);
  return { name, version, release, architecture: noarch ? "noarch" : architecture, provides, format, files };
}

const FLAGS: Readonly<Record<string, string>> = { "<": "LT", "<=": "LE", "=": "EQ", ">=": "GE", ">": "GT" };

/** Relations as a spec file has them; what stands in parentheses is one name. */
function entryElements(entries: readonly string[]): string {
  const elements = entries.map((entry) => {
    const simple = /^([^( ]\S*) (<|<=|=|>=|>) ([^-]+)(?:-(.+))?$/.exec(entry);
    if (simple === null) return `<rpm:entry name="${entry.replaceAll(">", "&gt;").replaceAll("<", "&lt;")}"/>`;
    const [, name = "", sign = "", version = "", release] = simple;
    const rel = release === undefined ? "" : ` rel="${release}"`;
    return `<rpm:entry name="${name}" flags="${FLAGS[sign]}" epoch="0" ver="${version}"${rel}/>`;
  });
  return elements.join("");
}

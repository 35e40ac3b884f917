import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, it } from "vitest";
import { systemHost } from "../../src/cli/system-host.ts";
import { sha256 } from "../../src/core/index.ts";
import {
  encodeRpmIndex,
  encodeRpmIndexFrom,
  openRpmIndex,
  ownersFromFileLists,
  parseRepomd,
  type RpmPackage,
  withFileOwners,
} from "../../src/ospackage/rpm/index.ts";
import { debianAsFileLists, debianAsPrimary } from "../fixtures/debian-as-primary.ts";
import { describeNeeding } from "./describe-needing.ts";
import { openAptArchive } from "./resolver-apt-archive.ts";

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

const directory = mkdtempSync(path.join(tmpdir(), "rpm-index-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const RELATIONS = ["provides", "conflicts", "obsoletes", "recommends", "suggests", "supplements", "enhances"] as const;

/** What an XML parser finds in primary metadata. */
interface Expected {
  readonly package: RpmPackage;
  readonly files: readonly string[];
}

function parseXml(primary: string | Uint8Array): readonly Expected[] {
  const script = path.join(import.meta.dirname, "rpm-index-expected.py");
  const output = execFileSync("python3", [script], { input: primary, encoding: "utf8", maxBuffer: 2 ** 29 });
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Expected);
}

function expectEqual(primary: Uint8Array): readonly Expected[] {
  const index = openRpmIndex(encodeRpmIndex(primary));
  const expected = parseXml(primary);
  const names = new Set(expected.map((one) => one.package.name));
  expect(index.packageCount).toBe(expected.length);
  expect([...index.names()]).toEqual([...names].sort());
  const byName = Map.groupBy(expected, (one) => one.package.name);
  const different = [...names].filter((name) => {
    const wanted = (byName.get(name) ?? []).map((one) => one.package);
    return JSON.stringify(sorted(index.byName(name))) !== JSON.stringify(sorted(wanted));
  });
  for (const name of different.slice(0, 3)) {
    expect(index.byName(name)).toEqual((byName.get(name) ?? []).map((one) => one.package));
  }
  expect(different).toEqual([]);

  const providers = Map.groupBy(
    expected.flatMap((one) => [...new Set(namesIn(one.package.provides))].map((name) => ({ name, one }))),
    ({ name }) => name,
  );
  for (const [name, provided] of providers) {
    const found = index.providersOf(name).map((one) => one.sha256);
    if (found.join() !== provided.map(({ one }) => one.package.sha256).join()) expect.fail(`providers of ${name}`);
  }
  for (const { files, package: owner } of expected) {
    for (const file of files) {
      if (!index.ownersOf(file).some((one) => one.sha256 === owner.sha256)) expect.fail(`owners of ${file}`);
    }
  }
  return expected;
}

/** Members in one order, for a comparison of tens of thousands as text. */
function sorted(packages: readonly RpmPackage[]): readonly unknown[] {
  return packages.map((one) => Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function namesIn(relation: string): readonly string[] {
  return relation === "" ? [] : relation.split("\t").map((entry) => entry.split(" ")[0] ?? "");
}

describeNeeding(
  { rpmbuild: has("rpmbuild"), createrepo_c: has("createrepo_c") },
  "metadata that createrepo_c makes",
  () => {
    if (!has("rpmbuild") || !has("createrepo_c")) return;
    const repository = path.join(directory, "repository");
    buildPackages(repository);
    execFileSync("createrepo_c", ["--quiet", "--no-database", repository]);
    const repomdText = readFileSync(path.join(repository, "repodata/repomd.xml"), "utf8");
    const repomd = parseRepomd(repomdText, "repomd.xml");
    const plain = (type: "primary" | "filelists"): Buffer => {
      return gunzipSync(readFileSync(path.join(repository, repomd.files.get(type)?.path ?? "")));
    };

    it("is named by repomd.xml with its digests and sizes", () => {
      expect([...repomd.files.keys()].sort()).toEqual(["filelists", "primary"]);
      for (const [type, { path: file, checksum, sizeBytes, openChecksum, openSizeBytes }] of repomd.files) {
        const bytes = readFileSync(path.join(repository, file));
        expect(checksum).toEqual({ algorithm: "sha256", hex: sha256(bytes) });
        expect(sizeBytes).toBe(bytes.length);
        expect(openChecksum?.hex).toBe(sha256(plain(type)));
        expect(openSizeBytes).toBe(plain(type).length);
      }
      expect(repomd.timestampSeconds).toBeGreaterThan(1_700_000_000);
    });

    it("says what an XML parser reads", () => {
      const expected = expectEqual(plain("primary"));
      expect(expected.map((one) => one.package.name).sort()).toEqual(["plain", "weird+pkg_1", "weird+pkg_1-data"]);
    });

    it("says what rpm reads in the packages", () => {
      const index = openRpmIndex(encodeRpmIndex(plain("primary")));
      for (const name of index.names()) {
        const [found] = index.byName(name);
        if (found === undefined) expect.fail(name);
        const file = path.join(repository, found.path);
        const query = (...args: readonly string[]) => execFileSync("rpm", ["-qp", ...args, file], { encoding: "utf8" });
        const lines = (option: string) =>
          new Set(
            query(option)
              .split("\n")
              .filter((line) => line !== ""),
          );
        const told = (text: string) => new Set(text === "" ? [] : text.split("\t"));
        expect(query("--qf", "%{LICENSE}|%{SIZE}|%{BUILDTIME}|%{EPOCH}")).toBe(
          [
            found.licence,
            found.installedSizeBytes,
            found.buildTimeSeconds,
            name.startsWith("weird") ? 2 : "(none)",
          ].join("|"),
        );
        for (const relation of RELATIONS) {
          expect(told(found[relation]), `${name} ${relation}`).toEqual(lines(`--${relation}`));
        }
        const required = [...told(found.requires), ...told(found.preRequires)];
        // createrepo_c leaves out the features of rpm itself.
        expect(new Set(required)).toEqual(
          new Set([...lines("--requires")].filter((one) => !one.startsWith("rpmlib("))),
        );
        expect(found.sha256).toBe(sha256(readFileSync(file)));
      }
    });

    it("knows all files with the file lists, which rpm lists as well", async () => {
      const index = openRpmIndex(encodeRpmIndex(plain("primary")));
      const paths = new Map(
        [...index.names()].map((name) => {
          const file = path.join(repository, index.byName(name)[0]?.path ?? "");
          return [name, execFileSync("rpm", ["-qpl", file], { encoding: "utf8" }).trim().split("\n")] as const;
        }),
      );
      const owners = await ownersFromFileLists([plain("filelists")], [...paths.values()].flat());
      const complete = withFileOwners(index, owners);
      let missing = 0;
      for (const [name, files] of paths) {
        for (const file of files) {
          expect(
            complete.ownersOf(file).map((one) => one.name),
            file,
          ).toEqual([name]);
          if (index.ownersOf(file).length === 0) missing += 1;
        }
      }
      expect(missing).toBeGreaterThan(0);
    });

    it.skipIf(!has("dnf"))("finds the providers that dnf finds", () => {
      const index = openRpmIndex(encodeRpmIndex(plain("primary")));
      const whatProvides = (capability: string): readonly string[] => {
        const options = [`--repofrompath=r,file://${repository}`, "--repoid=r", `--setopt=cachedir=${directory}/dnf`];
        const output = execFileSync("dnf", [...options, "--quiet", "repoquery", "--whatprovides", capability], {
          encoding: "utf8",
          env: { ...process.env, HOME: directory },
          stdio: ["ignore", "pipe", "ignore"],
        });
        return output.split("\n").filter((line) => line !== "");
      };
      for (const capability of ["virtual(x)", "font(:lang=de)", "weird+pkg_1"]) {
        const found = index.providersOf(capability).map(({ name, version, architecture }) => {
          const [epoch, rest = epoch] = version.includes(":") ? version.split(":") : ["0", version];
          return `${name}-${epoch}:${rest}.${architecture}`;
        });
        expect(found.length).toBeGreaterThan(0);
        expect(whatProvides(capability)).toEqual(found);
      }
    });
  },
);

const apt = await openAptArchive("trixie");
afterAll(() => apt?.remove());

describeNeeding({ "apt and Debian's keys": apt !== undefined }, "the packages of Debian 13 as primary metadata", () => {
  if (apt === undefined) return;
  const packagesText = Buffer.from(apt.packages).toString("utf8");

  it("say what an XML parser reads, whole and as a stream", async () => {
    const primary = Buffer.from(debianAsPrimary(packagesText));
    expect(expectEqual(primary).length).toBeGreaterThan(60_000);
    const streamed = await encodeRpmIndexFrom(systemHost().threads, pieces(primary));
    expect(Buffer.compare(streamed, encodeRpmIndex(primary))).toBe(0);
  });

  it("have the owners that their file lists name", async () => {
    const fileLists = Buffer.from(debianAsFileLists(packagesText));
    const owners = await ownersFromFileLists(pieces(fileLists), ["/usr/share/doc/bash", "/usr/bin/bash", "/absent"]);
    const index = openRpmIndex(encodeRpmIndex(Buffer.from(debianAsPrimary(packagesText))));
    const complete = withFileOwners(index, owners);
    expect(index.ownersOf("/usr/share/doc/bash")).toEqual([]);
    expect(complete.ownersOf("/usr/share/doc/bash").map(({ name }) => name)).toEqual(["bash"]);
    expect(complete.ownersOf("/usr/bin/bash").map(({ name }) => name)).toEqual(["bash"]);
    expect(complete.ownersOf("/absent")).toEqual([]);
  });
});

async function* pieces(text: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 65_536) yield await Promise.resolve(text.subarray(at, at + 65_536));
}

function buildPackages(repository: string): void {
  const top = path.join(directory, "build");
  mkdirSync(path.join(top, "SPECS"), { recursive: true });
  mkdirSync(repository);
  for (const [number, spec] of [WEIRD_SPEC, PLAIN_SPEC].entries()) {
    const file = path.join(top, "SPECS", `${number}.spec`);
    writeFileSync(file, spec);
    execFileSync("rpmbuild", ["-ba", "--quiet", "-D", `_topdir ${top}`, "-D", `_dbpath ${top}/db`, file], {
      stdio: "pipe",
    });
  }
  const built = readdirSync(top, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rpm"));
  // A package of sources among them, as in repositories made from one directory.
  expect(built.filter((name) => name.endsWith(".src.rpm"))).toHaveLength(2);
  for (const name of built)
    writeFileSync(path.join(repository, path.basename(name)), readFileSync(path.join(top, name)));
}

const WEIRD_SPEC = `
Name: weird+pkg_1
Epoch: 2
Version: 1.0~rc1^git5
Release: 3.azl3
Summary: <b> & "quotes" 'apostrophes' é
License: GPL-2.0-only AND (MIT OR Apache-2.0)
URL: https://example.org/?a=1&b=<2>
Packager: Jörg & Söhne <j@example.org>
Group: System/Base
AutoReqProv: no
Requires: (alpha >= 1.0 or beta < 2:3-4)
Requires: gamma = 1:2-3
Requires: /usr/share/weird/only-in-file-lists
Requires(pre): /usr/sbin/useradd
Requires(post): delta > 1~beta
Provides: virtual(x) = 1:2.0-1
Provides: font(:lang=de)
Conflicts: epsilon < 5
Obsoletes: old <= 1.0-1
Recommends: (eta if theta)
Suggests: iota
Supplements: (kappa and lambda)
Enhances: mu
%description
Lines with <markup> & entities;
and ]]> in them.
%package data
Summary: data
BuildArch: noarch
AutoReqProv: no
Provides: virtual(x) = 3
Requires: %{name} = %{epoch}:%{version}-%{release}
%description data
%install
mkdir -p %{buildroot}/etc/weird.d %{buildroot}/usr/bin %{buildroot}/usr/share/weird %{buildroot}/var/lib/weird
touch "%{buildroot}/etc/weird.d/a b & <c>" "%{buildroot}/usr/bin/weird&run" %{buildroot}/usr/share/weird/only
touch %{buildroot}/var/lib/weird/ghost %{buildroot}/etc/weird.ghost %{buildroot}/usr/share/weird/data
%post
echo configured
%files
%dir /etc/weird.d
"/etc/weird.d/a b & <c>"
"/usr/bin/weird&run"
/usr/share/weird/only
%ghost /var/lib/weird/ghost
%ghost /etc/weird.ghost
%files data
/usr/share/weird/data
`;

const PLAIN_SPEC = `
Name: plain
Version: 20240101
Release: 1
Summary: nothing special
License: MIT
Vendor: Example
BuildArch: noarch
%description
%install
mkdir -p %{buildroot}/usr/bin
printf '#!/bin/sh\\n' > %{buildroot}/usr/bin/plain
chmod 755 %{buildroot}/usr/bin/plain
%files
/usr/bin/plain
`;

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RpmRecord, rpmOf } from "../fixtures/make-rpm.ts";
import { createProcessRunner, createTreeWriter, nodeFiles } from "../../src/host/index.ts";
import {
  type RpmFile,
  type RpmPackageFile,
  checkRpm,
  readRpmEntries,
  readRpmPackage,
  rpmPackageOf,
  unpackRpm,
} from "../../src/ospackage/rpm/package/index.ts";
import { type RpmPackage, encodeRpmIndex, openRpmIndex } from "../../src/ospackage/rpm/index.ts";
import { type RpmPrograms, createRpmPrograms } from "./rpm-programs.ts";

const host = { files: nodeFiles, processes: createProcessRunner() };
const SPEC = fs.readFileSync(path.join(import.meta.dirname, "rpm-everything.spec"), "utf8");
const PAYLOADS = ["w9.gzdio", "w7.xzdio", "w7.lzdio", "w3.zstdio", "w9.bzdio", "w.ufdio"];

let sandbox: string;
let rpm: RpmPrograms;
let files: string[];

beforeAll(() => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "rpm-packages-"));
  rpm = createRpmPrograms(sandbox);
  files = PAYLOADS.map((_binary_payload) => rpm.build(SPEC, { _binary_payload }));
});
afterAll(() => fs.rmSync(sandbox, { recursive: true, force: true }));

function query(file: string, format: string): string {
  return rpm.run(["rpm", "-qp", "--qf", format, file]);
}

const EMPTY = /^\(none\)$/;

/** Lines of a query over an array of tags. */
function rows(file: string, tags: readonly string[]): string[][] {
  const format = `[${tags.map((tag) => `%{${tag}}`).join("\\t")}\\n]`;
  return query(file, format)
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t").map((field) => field.replace(EMPTY, "")));
}

/** Every path of a tree with what both readers set. */
function describeTree(root: string): Map<string, string> {
  const firstNames = new Map<number, string>();
  const found = new Map<string, string>();
  for (const name of fs.readdirSync(root, { recursive: true, encoding: "utf8" }).sort()) {
    const file = path.join(root, name);
    const stat = fs.lstatSync(file);
    const first = firstNames.get(stat.ino) ?? name;
    firstNames.set(stat.ino, first);
    const { mode, nlink, mtimeMs, size } = stat;
    const content = stat.isFile() ? sha256(fs.readFileSync(file)) : stat.isSymbolicLink() ? fs.readlinkSync(file) : "";
    // cpio sets no times of links, and those of directories only when it comes by them last.
    const changing = stat.isFile() ? [mtimeMs, size, nlink, first] : [];
    found.set(name, [mode.toString(8), ...changing, content].join(" "));
  }
  return found;
}

describe("a package of rpmbuild, read by us and by rpm", () => {
  it("has the same facts", async () => {
    for (const file of files) {
      const ours = await readRpmPackage(host, file);
      const tags = ["NAME", "EPOCH", "VERSION", "RELEASE", "ARCH", "LICENSE", "SOURCERPM", "BUILDTIME", "VENDOR"];
      const more = ["PACKAGER", "URL", "GROUP", "SUMMARY", "LONGSIZE", "PAYLOADFORMAT", "DESCRIPTION"];
      expect(
        [
          ours.name,
          ours.epoch,
          ours.version,
          ours.release,
          ours.architecture,
          ours.licence,
          ours.sourceRpm,
          ours.buildTimeSeconds,
          ours.vendor,
          ours.packager,
          ours.url,
          ours.group,
          ours.summary,
          ours.installedSizeBytes,
          ours.payloadFormat,
          ours.description,
        ].join("\n"),
      ).toBe(query(file, [...tags, ...more].map((tag) => `%{${tag}}`).join("\\n")));
      expect(ours.payloadCompressor).toBe(query(file, "%{PAYLOADCOMPRESSOR}").replace(EMPTY, ""));
    }
  });

  it("has the same relations", async () => {
    const [file = ""] = files;
    const ours = await readRpmPackage(host, file);
    const kinds = ["provides", "conflicts", "obsoletes", "recommends", "suggests", "supplements", "enhances"] as const;
    const theirs = (kind: string): string[] =>
      rpm
        .run(["rpm", "-qp", `--${kind}`, file])
        .split("\n")
        .slice(0, -1);
    for (const kind of kinds) expect([kind, ours[kind].split("\t").sort()]).toEqual([kind, theirs(kind).sort()]);
    const required = [...ours.requires.split("\t"), ...ours.preRequires.split("\t")];
    expect([...new Set(required)].sort()).toEqual([...new Set(theirs("requires"))].sort());
    const before = rows(file, ["REQUIRENAME", "REQUIREFLAGS:deptype"]).filter(([, type = ""]) =>
      /\b(pre|post)\b/.test(type),
    );
    expect(
      ours.preRequires
        .split("\t")
        .map((text) => text.split(" ")[0])
        .sort(),
    ).toEqual([...new Set(before.map(([name]) => name))].sort());
  });

  it("has the same files", async () => {
    const flags: Readonly<Record<keyof RpmFile["flags"], string>> = {
      config: "c",
      doc: "d",
      ghost: "g",
      licence: "l",
      missingOk: "m",
      noReplace: "n",
      readme: "r",
      artifact: "a",
    };
    for (const file of files) {
      const ours = (await readRpmPackage(host, file)).files;
      const tags = ["FILENAMES", "FILEMODES:octal", "FILEUSERNAME", "FILEGROUPNAME", "FILEMTIMES", "LONGFILESIZES"];
      const more = [
        "FILELINKTOS",
        "FILEDIGESTS",
        "FILEFLAGS:fflags",
        "FILEINODES",
        "FILEDEVICES",
        "FILENLINKS",
        "FILELANGS",
      ];
      const expected = rows(file, [...tags, ...more, "FILECAPS"]);
      const typeBits = { directory: 0o40000, symlink: 0o120000, file: 0o100000 } as Readonly<Record<string, number>>;
      expect(
        ours.map((one) => [
          one.path,
          ((typeBits[one.type] ?? 0) + one.mode).toString(8),
          one.user,
          one.group,
          String(one.mtimeSeconds),
          String(one.sizeBytes),
          one.linkTarget,
          one.digest,
          (Object.keys(one.flags) as (keyof RpmFile["flags"])[])
            .filter((name) => one.flags[name])
            .map((name) => flags[name])
            .sort()
            .join(""),
          String(one.inode),
          String(one.device),
          one.flags.ghost ? "ghost" : String(one.linkCount),
          one.language,
          one.capabilities,
        ]),
      ).toEqual(
        expected.map((row) =>
          row.map((field, index) => {
            if (index === 8) return [...field].sort().join("");
            // rpm counts a ghost's names, too; it is in no payload.
            return index === 11 && row[8]?.includes("g") === true ? "ghost" : field;
          }),
        ),
      );
      expect(ours.length).toBeGreaterThan(20);
    }
  });

  it("has the same scriptlets and triggers", async () => {
    const [file = ""] = files;
    const { scriptlets, triggers } = await readRpmPackage(host, file);
    const kinds = {
      pretrans: "PRETRANS",
      pre: "PREIN",
      post: "POSTIN",
      preun: "PREUN",
      postun: "POSTUN",
      posttrans: "POSTTRANS",
    };
    expect(scriptlets.map(({ kind }) => kind)).toEqual(Object.keys(kinds));
    for (const { kind, interpreter, script } of scriptlets) {
      const tag = kinds[kind as keyof typeof kinds];
      expect(script).toBe(query(file, `%{${tag}}`).replace(EMPTY, ""));
      expect(interpreter.join(" ")).toBe(query(file, `[%{${tag}PROG} ]`).trim());
    }
    const names = { package: "TRIGGER", file: "FILETRIGGER", "transaction-file": "TRANSFILETRIGGER" };
    for (const [kind, tag] of Object.entries(names)) {
      const own = triggers.filter((trigger) => trigger.kind === kind);
      expect(own.map(({ script }) => script).join("|")).toBe(query(file, `[%{${tag}SCRIPTS}|]`).slice(0, -1));
      const listed = rpm.run(["rpm", "-qp", kind === "package" ? "--triggers" : "--filetriggers", file]);
      for (const { when, on, interpreter } of own) {
        const prefix = kind === "transaction-file" ? "transfiletrigger" : kind === "file" ? "filetrigger" : "trigger";
        expect(listed).toContain(
          `${prefix}${when.join("")} scriptlet (using ${interpreter.join(" ")}) -- ${on.join(", ")}`,
        );
      }
    }
  });

  it("unpacks to the same tree: contents, modes, times, links", async () => {
    const isRoot = process.getuid?.() === 0;
    for (const file of files) {
      const [ours, theirs] = [fs.mkdtempSync(`${sandbox}/ours-`), fs.mkdtempSync(`${sandbox}/theirs-`)];
      const tree = createTreeWriter(ours, { setOwners: isRoot });
      expect(await unpackRpm(host, file, tree)).toEqual([]);
      tree.finish();
      const archive = execFileSync("rpm2cpio", [file], { maxBuffer: 64 * 1024 ** 2 });
      const cpio = [
        "--extract",
        "--make-directories",
        "--preserve-modification-time",
        "--no-preserve-owner",
        "--quiet",
      ];
      execFileSync("cpio", cpio, { cwd: theirs, input: archive });
      const [found, expected] = [describeTree(ours), describeTree(theirs)];
      expect(expected.size).toBeGreaterThan(20);
      expect([...found]).toEqual([...expected]);
    }
  });

  it("has content with the digests of its header", async () => {
    for (const file of files) {
      let checked = 0;
      for await (const { file: one, sizeBytes, content } of readRpmEntries(host, file)) {
        if (one.type !== "file" || (one.linkCount > 1 && sizeBytes === 0)) continue;
        const hash = createHash(one.digestAlgorithm);
        for await (const piece of content) hash.update(piece);
        expect(hash.digest("hex")).toBe(one.digest);
        checked += 1;
      }
      expect(checked).toBeGreaterThan(8);
    }
  });

  it("has the digests that rpm finds", async () => {
    for (const file of files) {
      const { rpm: facts, sha256: found, sizeBytes } = await checkRpm(host, file);
      expect(facts).toEqual((await readRpmPackage(host, file)) satisfies RpmPackageFile);
      expect([found, sizeBytes]).toEqual([sha256(fs.readFileSync(file)), fs.statSync(file).size]);
      expect(rpm.check(file).text).toMatch(/: digests OK\n$/);
    }
  });
});

describe("rpmPackageOf() and the metadata of createrepo_c", () => {
  it("say the same of a package", async () => {
    const repository = fs.mkdtempSync(path.join(sandbox, "repository-"));
    const records: readonly RpmRecord[] = [
      { name: "plain", architecture: "x86_64" },
      {
        name: "zero",
        epoch: 0,
        requires: ["plain", "zero", "/usr/share/zero", "rpmlib(X) <= 1"],
        files: [{ path: "/usr/share/zero" }],
      },
    ];
    for (const record of records) fs.writeFileSync(path.join(repository, `${record.name}.rpm`), await rpmOf(record));
    fs.copyFileSync(files[0] ?? "", path.join(repository, "everything.rpm"));
    rpm.run(["createrepo_c", "--no-database", "--simple-md-filenames", repository]);
    const primary = gunzipSync(fs.readFileSync(path.join(repository, "repodata/primary.xml.gz")));
    const index = openRpmIndex(encodeRpmIndex(primary));
    expect([...index.names()]).toEqual(["everything", "plain", "zero"]);
    for (const name of index.names()) {
      const file = path.join(repository, `${name}.rpm`);
      const place = { path: `${name}.rpm`, sizeBytes: fs.statSync(file).size, sha256: await nodeFiles.sha256(file) };
      const ours = rpmPackageOf(await readRpmPackage(host, file), place);
      expect(comparable(ours)).toEqual(comparable(index.byName(name)[0]));
    }
  });
});

/** Lists as sets; the metadata leaves out requirements that the package itself fulfils. */
function comparable(found: RpmPackage | undefined): object {
  if (found === undefined) throw new Error("not in the metadata");
  const own = [found.name, "/usr/share/zero"];
  const isForeign = (one: string): boolean => one !== "" && !own.includes(one);
  const listed = (text: string): string[] => [...new Set(text.split("\t").filter(isForeign))].sort();
  const { requires, preRequires, provides, conflicts, obsoletes, recommends, supplements, ...rest } = found;
  const relations = { requires, preRequires, provides, conflicts, obsoletes, recommends, supplements };
  return { ...rest, ...Object.fromEntries(Object.entries(relations).map(([kind, text]) => [kind, listed(text)])) };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

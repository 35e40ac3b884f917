import { createHash } from "node:crypto";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RpmRecord, rpmOf } from "../fixtures/make-rpm.ts";
import { createProcessRunner, nodeFiles } from "../../src/host/index.ts";
import {
  type RpmPackageFile,
  checkRpm,
  readRpmEntries,
  readRpmPackage,
  rpmPackageOf,
} from "../../src/ospackage/rpm/package/index.ts";
import { type RpmPackage, encodeRpmIndex, openRpmIndex } from "../../src/ospackage/rpm/index.ts";
import { comparisonOf, rpmQuery } from "./rpm-comparison.ts";
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

describe("a package of rpmbuild, read by us and by rpm", () => {
  it.each(["facts", "relations", "files", "tree"] as const)("has the same %s", async (part) => {
    for (const file of files) {
      const { ours, theirs } = await comparisonOf[part](rpm, file, sandbox);
      expect(ours).toEqual(theirs);
      if (part === "files" || part === "tree") expect(theirs.length).toBeGreaterThan(20);
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
      expect(script).toBe(rpmQuery(rpm, file, `%{${tag}}`).replace("(none)", ""));
      expect(interpreter.join(" ")).toBe(rpmQuery(rpm, file, `[%{${tag}PROG} ]`).trim());
    }
    const names = { package: "TRIGGER", file: "FILETRIGGER", "transaction-file": "TRANSFILETRIGGER" };
    for (const [kind, tag] of Object.entries(names)) {
      const own = triggers.filter((trigger) => trigger.kind === kind);
      expect(own.map(({ script }) => script).join("|")).toBe(rpmQuery(rpm, file, `[%{${tag}SCRIPTS}|]`).slice(0, -1));
      const listed = rpm.run(["rpm", "-qp", kind === "package" ? "--triggers" : "--filetriggers", file]);
      for (const { when, on, interpreter } of own) {
        const prefix = kind === "transaction-file" ? "transfiletrigger" : kind === "file" ? "filetrigger" : "trigger";
        expect(listed).toContain(
          `${prefix}${when.join("")} scriptlet (using ${interpreter.join(" ")}) -- ${on.join(", ")}`,
        );
      }
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
  return { ...found, ...Object.fromEntries(RELATIONS.map((kind) => [kind, listed(found[kind])])) };
}

const RELATIONS = [
  ...(["requires", "preRequires", "provides", "conflicts", "obsoletes"] as const),
  ...(["recommends", "suggests", "supplements", "enhances"] as const),
];

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RpmRecord, rpmOf } from "../../../../test/fixtures/make-rpm.ts";
import { headerOf, leadOf, packageOf } from "../../../../test/fixtures/make-rpm-parts.ts";
import type { Sha256Hex } from "../../../core/index.ts";
import { nodeFiles } from "../../../host/index.ts";
import { readRpmPackage, rpmPackageOf } from "./read-rpm-package.ts";

let sandbox: string;
let file: string;
beforeAll(() => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "read-rpm-package-"));
  file = path.join(sandbox, "x.rpm");
});
afterAll(() => fs.rmSync(sandbox, { recursive: true }));

const host = { files: nodeFiles };

async function read(content: RpmRecord | Uint8Array) {
  fs.writeFileSync(file, content instanceof Uint8Array ? content : await rpmOf(content));
  return readRpmPackage(host, file);
}

describe("readRpmPackage()", () => {
  it("gives relations as text, each once, those that are needed before apart", async () => {
    const facts = await read({
      name: "x",
      requires: ["a", "b >= 1:2-3", "(c or d)", "a", "/bin/sh"],
      preRequires: ["a", "pre < 2"],
      provides: ["virtual", "y = 1"],
      obsoletes: ["old <= 3"],
    });
    expect(facts.requires.split("\t").filter((text) => !text.startsWith("rpmlib("))).toEqual([
      ...["a", "b >= 1:2-3", "(c or d)", "/bin/sh"],
    ]);
    expect([facts.preRequires, facts.provides, facts.obsoletes, facts.conflicts]).toEqual([
      ...["a\tpre < 2", "x = 1.0-1\tvirtual\ty = 1", "old <= 3", ""],
    ]);
  });

  it("counts the names of a file, but for ghosts", async () => {
    const { files } = await read({
      name: "x",
      files: [
        { path: "/a", content: "1", inode: 3 },
        { path: "/b", content: "1", inode: 3 },
        { path: "/c", inode: 3, flags: 64 },
        { path: "/d", mode: 0o40755, inode: 3 },
        { path: "/e", mode: 0o104755, user: "daemon", capabilities: "cap_chown=ep", language: "de", flags: 17 },
      ],
    });
    expect(files.map(({ linkCount, type }) => [type, linkCount])).toEqual([
      ["file", 2],
      ["file", 2],
      ["file", 1],
      ["directory", 1],
      ["file", 1],
    ]);
    expect(files[4]).toMatchObject({ mode: 0o4755, user: "daemon", capabilities: "cap_chown=ep", language: "de" });
    expect(files[4]?.flags).toMatchObject({ config: true, noReplace: true, doc: false });
  });

  const refused: [string, Partial<RpmRecord>, string][] = [
    ["no name", { withoutTags: [1000] }, "its name is missing"],
    ["a name for a shell", { name: "x; rm -rf /" }, 'its name is "x; rm -rf /"'],
    ["a name that climbs", { name: "../x" }, "its name is"],
    ["a version with a dash", { version: "1-2" }, "its version is"],
    ["no architecture", { withoutTags: [1022] }, "its architecture is missing"],
    ["relations without versions", { withoutTags: [1113] }, "names, flags and versions of different number"],
    ["a tab in a relation", { provides: ["a\tb"] }, "has no plain name"],
    ["a blank in a relation", { provides: ["a b"] }, "has no plain name"],
    ["an empty relation", { provides: [""] }, "has no plain name"],
    ["files without modes", { withoutTags: [1030] }, "no modes"],
    ["modes for other files", { tags: [{ tag: 1030, type: "int16", values: [0o100644, 0o100644] }] }, "is for 2 files"],
    ["a mode of nothing", { tags: [{ tag: 1030, type: "int16", values: [0o644] }] }, "has the mode 644"],
    ["a file in no directory", { tags: [{ tag: 1116, type: "int32", values: [7] }] }, "is in no directory"],
    ["a slash in a name", { tags: [{ tag: 1117, type: "strings", values: ["a/b"] }] }, "has a slash"],
    ["a relative path", { tags: [{ tag: 1118, type: "strings", values: ["usr/"] }] }, "is not absolute"],
  ];
  it.each(refused)("refuses %s", async (_, changes, message) => {
    const reading = read({ name: "x", files: [{ path: "/a", content: "1" }], ...changes });
    await expect(reading).rejects.toMatchObject({ code: "PACKAGE_FORMAT_INVALID" });
    await expect(reading).rejects.toThrowError(message);
  });

  it("refuses a path twice", async () => {
    await expect(read({ name: "x", files: [{ path: "/a" }, { path: "/a" }] })).rejects.toThrowError("twice");
  });

  it("refuses what is no package, no binary one, or ends early", async () => {
    const good = await rpmOf({ name: "x" });
    const source = Buffer.concat([leadOf("x", 1), good.subarray(96)]);
    const cases: [Uint8Array, string][] = [
      [Buffer.alloc(0), "it is no RPM package"],
      [Buffer.from("!<arch>\n".repeat(20)), "it is no RPM package"],
      [source, "it is no binary package"],
      [good.subarray(0, 100), "it ends early"],
      [good.subarray(0, 600), "it ends early"],
      [Buffer.concat([good.subarray(0, 96), Buffer.alloc(100)]), "it has no signature header at byte 96"],
    ];
    for (const [bytes, message] of cases) await expect(read(bytes)).rejects.toThrowError(message);
  });

  it.each([
    [{ entries: 0xffffffff }, "PACKAGE_TOO_LARGE"],
    [{ dataBytes: 0xffffffff }, "PACKAGE_TOO_LARGE"],
    [{ entries: 0x10000 }, "PACKAGE_TOO_LARGE"],
    [{ entries: 0xffff, dataBytes: 40 * 1024 ** 2 }, "PACKAGE_FORMAT_INVALID"],
    [{ entries: 0 }, "PACKAGE_FORMAT_INVALID"],
  ])("takes no memory for a header that claims %j", async (claims, code) => {
    const signatures = headerOf(62, [{ tag: 1000, type: "int32", values: [1] }]);
    const main = headerOf(63, [{ tag: 1000, type: "string", values: ["x"] }], claims);
    const before = process.memoryUsage().arrayBuffers;
    await expect(read(packageOf("x", signatures, main))).rejects.toMatchObject({ code });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 ** 2);
  });
});

describe("rpmPackageOf()", () => {
  const place = { path: "/x.rpm", sizeBytes: 1, sha256: "0".repeat(64) as Sha256Hex };

  it("is what an index says", async () => {
    const facts = await read({ name: "x", epoch: 2, version: "1.5", release: "3.azl3", architecture: "x86_64" });
    expect(rpmPackageOf(facts, place)).toMatchObject({
      name: "x",
      version: "2:1.5-3.azl3",
      architecture: "x86_64",
      source: { name: "x", version: "1.5-3.azl3" },
      maintainer: "Example",
      licence: "MIT",
      provides: "x = 2:1.5-3.azl3",
      ...place,
    });
  });

  it("leaves an epoch of zero out, and takes its own name when it does not know its source", async () => {
    const facts = await read({ name: "x", epoch: 0, withoutTags: [1044] });
    expect(rpmPackageOf(facts, place)).toMatchObject({ version: "1.0-1", source: { name: "x", version: "1.0-1" } });
  });
});

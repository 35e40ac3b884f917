import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RpmRecord, rpmOf } from "../../../test/fixtures/make-rpm.ts";
import { sha256 } from "../../core/index.ts";
import { createProcessRunner, nodeFiles } from "../../host/index.ts";
import { readLocalRpms } from "./read-local-rpms.ts";

const host = { files: nodeFiles, processes: createProcessRunner() };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "read-local-rpms-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function writeRpm(
  name: string,
  record: Partial<RpmRecord> = {},
  { file = `${name}.rpm`, change = (bytes: Buffer): Uint8Array => bytes } = {},
): Promise<string> {
  const place = path.join(directory, file);
  writeFileSync(place, change(await rpmOf({ name, ...record })));
  return place;
}

function read(source: { directory?: string; files?: string[] }, signal?: AbortSignal) {
  const options = { architecture: "x86_64", ...(signal === undefined ? {} : { signal }) };
  return readLocalRpms(host, { kind: "local", id: "own", priority: 500, ...source }, options);
}

describe("readLocalRpms()", () => {
  it("reads the packages of a directory that are for this architecture", async () => {
    const hello = await writeRpm("hello", {
      ...{ epoch: 1, version: "2.0", release: "3", architecture: "x86_64", requires: ["lib >= 1.0"] },
      files: [{ path: "/usr/share/hello/greeting", content: "hello" }],
    });
    await writeRpm("docs");
    await writeRpm("other", { architecture: "aarch64" });
    await writeRpm("hello", {}, { file: "hello.src.rpm" });
    await writeRpm("hello", {}, { file: "hello.nosrc.rpm" });
    writeFileSync(path.join(directory, "README"), "no package");
    mkdirSync(path.join(directory, "below"));
    const { index, verified } = await read({ directory });
    expect([...index.names()].sort()).toEqual(["docs", "hello"]);
    expect(verified).toBe(true);
    const bytes = await nodeFiles.readBytes(hello);
    expect(index.byName("hello")).toMatchObject([
      { version: "1:2.0-3", architecture: "x86_64", path: hello, sizeBytes: bytes.length, sha256: sha256(bytes) },
    ]);
  });

  it("knows the files of its packages, so that a path can be asked for", async () => {
    await writeRpm("hello", { files: [{ path: "/usr/share/hello/greeting", content: "hello" }] });
    const { index } = await read({ directory });
    expect(index.ownersOf("/usr/share/hello/greeting")).toHaveLength(1);
  });

  it("is the same for the same packages in another place, and another for others", async () => {
    const files = [await writeRpm("hello"), await writeRpm("docs")];
    const one = await read({ directory });
    const two = await read({ files: [...files, ...files].reverse() });
    expect(two.metadataSha256).toBe(one.metadataSha256);
    await writeRpm("docs", { version: "2.0" });
    expect((await read({ files })).metadataSha256).not.toBe(one.metadataSha256);
  });

  it.each([
    ["is no package", () => writeFileSync(path.join(directory, "bad.rpm"), "no package"), "PACKAGE_FORMAT_INVALID"],
    ["is empty", () => writeFileSync(path.join(directory, "bad.rpm"), ""), "PACKAGE_FORMAT_INVALID"],
    [
      "is cut short",
      () => writeRpm("bad", { files: [{ path: "/x", content: "x" }] }, { change: (bytes) => bytes.subarray(0, -1) }),
      "PACKAGE_DIGEST_MISMATCH",
    ],
    ["leads out of the tree", () => writeRpm("bad", { files: [{ path: "/../x" }] }), "PACKAGE_UNSAFE_PATH"],
  ] as const)("names the file that %s", async (_, write: () => unknown, code) => {
    await writeRpm("good");
    await write();
    const message = expect.stringContaining(path.join(directory, "bad.rpm")) as string;
    await expect(read({ directory })).rejects.toMatchObject({ code, message });
  });

  it("refuses a single file for another architecture", async () => {
    const file = await writeRpm("other", { architecture: "aarch64" });
    await expect(read({ files: [file] })).rejects.toMatchObject({
      code: "PACKAGE_FORMAT_INVALID",
      message: expect.stringContaining("it is for aarch64, not for x86_64") as string,
    });
  });

  it("says that the directory or the file is not there, or is none", async () => {
    const file = await writeRpm("hello");
    for (const source of [
      { directory: path.join(directory, "none") },
      { directory: file },
      { files: [path.join(directory, "none.rpm")] },
    ]) {
      await expect(read(source)).rejects.toMatchObject({ code: "HOST_FILE_UNREADABLE" });
    }
  });

  it("stops when it is interrupted", async () => {
    await writeRpm("hello", { files: [{ path: "/x", content: "x" }] });
    await expect(read({ directory }, AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});

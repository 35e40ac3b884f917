import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { debOf } from "../../../test/fixtures/make-deb.ts";
import { sha256 } from "../../core/index.ts";
import { createProcessRunner, nodeFiles } from "../../host/index.ts";
import { readLocalRepository } from "./read-local-repository.ts";

const host = { files: nodeFiles, processes: createProcessRunner() };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "read-local-repository-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function writeDeb(name: string, fields: Readonly<Record<string, string>> = {}, file = `${name}.deb`): string {
  const control = { Package: name, Version: "1.0", Architecture: "amd64", Depends: "libc6 (>= 2.3)", ...fields };
  const text = Object.entries(control).map(([field, value]) => `${field}: ${value}\n`);
  const place = path.join(directory, file);
  writeFileSync(place, debOf(text.join(""), []));
  return place;
}

function read(source: { directory?: string; files?: string[] }) {
  return readLocalRepository(host, { kind: "local", id: "own", priority: 500, ...source }, { architecture: "amd64" });
}

describe("readLocalRepository()", () => {
  it("reads the packages of a directory", async () => {
    const hello = writeDeb("hello");
    writeDeb("docs", { Architecture: "all" });
    writeDeb("other", { Architecture: "arm64" });
    writeFileSync(path.join(directory, "README"), "no package");
    mkdirSync(path.join(directory, "below"));
    const { index, verified } = await read({ directory });
    expect([...index.names()]).toEqual(["docs", "hello"]);
    expect(verified).toBe(true);
    const bytes = await nodeFiles.readBytes(hello);
    expect(index.byName("hello")).toMatchObject([
      { path: hello, sizeBytes: bytes.length, sha256: sha256(bytes), depends: "libc6 (>= 2.3)" },
    ]);
  });

  it("is the same for the same packages in another place", async () => {
    const files = [writeDeb("hello"), writeDeb("docs")];
    const one = await read({ directory });
    const two = await read({ files: [...files].reverse() });
    expect(one.metadataSha256).toBe(two.metadataSha256);
    writeDeb("docs", { Version: "2.0" });
    expect((await read({ files })).metadataSha256).not.toBe(one.metadataSha256);
  });

  it.each([
    ["is no package", () => writeFileSync(path.join(directory, "bad.deb"), "no package")],
    ["is empty", () => writeFileSync(path.join(directory, "bad.deb"), "")],
    ["is a directory", () => mkdirSync(path.join(directory, "bad.deb"))],
    ["has no version", () => writeDeb("bad", { Version: "" })],
  ])("names the file that %s", async (_, write) => {
    writeDeb("good");
    write();
    await expect(read({ directory })).rejects.toMatchObject({
      code: "PACKAGE_FORMAT_INVALID",
      message: expect.stringContaining(path.join(directory, "bad.deb")) as string,
    });
  });

  it("refuses a single file for another architecture", async () => {
    const file = writeDeb("other", { Architecture: "arm64" });
    await expect(read({ files: [file] })).rejects.toThrowError("it is for arm64, not for amd64");
  });

  it("says that the directory or the file is not there", async () => {
    for (const source of [{ directory: path.join(directory, "none") }, { files: [path.join(directory, "none.deb")] }]) {
      await expect(read(source)).rejects.toMatchObject({ code: "HOST_FILE_UNREADABLE" });
    }
  });
});

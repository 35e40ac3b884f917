import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TarRecord, arOf, debOf, tarOf } from "../../../test/fixtures/make-deb.ts";
import { createProcessRunner, createTreeWriter, nodeFiles } from "../../host/index.ts";
import { DEB_TIME_BYTES, readDebControl, readDebControlFiles, readDebTime, unpackDeb } from "./deb-package.ts";

const host = { files: nodeFiles, processes: createProcessRunner() };
const CONTROL = "Package: hello\nVersion: 1\nArchitecture: all\nDescription: x\n y\n";

let sandbox: string;
let file: string;
let root: string;

beforeEach(() => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "deb-package-"));
  file = path.join(sandbox, "hello.deb");
  root = path.join(sandbox, "root");
  fs.mkdirSync(root);
});

afterEach(() => {
  fs.rmSync(sandbox, { recursive: true });
});

async function unpack(content: Uint8Array): Promise<void> {
  fs.writeFileSync(file, content);
  const tree = createTreeWriter(root, { setOwners: false, maxBytes: 1024 ** 2 });
  await unpackDeb(host, file, tree);
  tree.finish();
}

const member = (name: string, content: string | Uint8Array) => ({ name, content });
const binary = member("debian-binary", "2.0\n");
const control = member("control.tar", tarOf([{ name: "./control", content: CONTROL }]));
const data = member("data.tar", tarOf([{ name: "./a", content: "hello" }]));

describe("readDebControl()", () => {
  it("gives the control stanza, from any compression and with unknown members between", async () => {
    const tar = tarOf([
      { name: "./", type: "5" },
      { name: "control", content: CONTROL },
    ]);
    for (const part of [member("control.tar.gz", gzipSync(tar)), member("control.tar.zst", zstdCompressSync(tar))]) {
      fs.writeFileSync(file, arOf([binary, member("_extra", "x"), part, member("_more", "y"), data]));
      const stanza = await readDebControl(host, file);
      expect([stanza.get("package"), stanza.get("Description")]).toEqual(["hello", "x\ny"]);
    }
  });

  it("refuses a control archive without it, or with more than files", async () => {
    const cases: [TarRecord, string][] = [
      [{ name: "./postinst", content: "" }, 'its control archive has no "control"'],
      [
        { name: "./control", type: "2", linkName: "/etc/passwd" },
        '"./control" in its control archive is no plain file',
      ],
      [{ name: "./a/control", content: CONTROL }, "is no plain file"],
    ];
    for (const [record, message] of cases) {
      fs.writeFileSync(file, arOf([binary, member("control.tar", tarOf([record])), data]));
      await expect(readDebControl(host, file)).rejects.toThrowError(message);
    }
  });
});

describe("readDebControlFiles()", () => {
  it("gives all of them with their modes", async () => {
    const tar = tarOf([
      { name: "./control", content: CONTROL },
      { name: "./postinst", mode: 0o755, content: "#!/bin/sh\n" },
    ]);
    fs.writeFileSync(file, arOf([binary, member("control.tar", tar), data]));
    const files = await readDebControlFiles(host, file);
    expect(files.map(({ name, mode }) => [name, mode])).toEqual([
      ["control", 0o644],
      ["postinst", 0o755],
    ]);
  });
});

describe("readDebTime()", () => {
  const time = (bytes: Uint8Array) => readDebTime(Readable.from([bytes]), "it");

  it("gives the time of the first member, which the beginning of a package has", async () => {
    const deb = debOf(CONTROL, [], 1_234_567);
    expect(await time(deb)).toBe(1_234_567);
    expect(await time(deb.subarray(0, DEB_TIME_BYTES))).toBe(1_234_567);
  });

  it("refuses the beginning of anything else", async () => {
    await expect(time(Buffer.from("<html>moved</html>"))).rejects.toThrow("Cannot read it: it is not an ar archive");
    await expect(time(Buffer.from(""))).rejects.toMatchObject({ code: "PACKAGE_FORMAT_INVALID" });
    await expect(time(debOf(CONTROL, []).subarray(0, 71))).rejects.toMatchObject({ code: "PACKAGE_FORMAT_INVALID" });
  });
});

describe("unpackDeb()", () => {
  it("writes files, links and directories", async () => {
    await unpack(
      debOf(CONTROL, [
        { name: "./", type: "5", mode: 0o755, mtimeSeconds: 10 },
        { name: "./usr/bin/", type: "5", mode: 0o755, mtimeSeconds: 11 },
        { name: "./usr/bin/hello", mode: 0o755, mtimeSeconds: 12, content: "x".repeat(100_000) },
        { name: "./usr/bin/hi", type: "1", linkName: "./usr/bin/hello" },
        { name: "./bin", type: "2", linkName: "usr/bin" },
        { name: "./bin/extra", content: "e" },
      ]),
    );
    const stat = fs.statSync(path.join(root, "usr/bin/hi"));
    expect([stat.size, stat.mode & 0o7777, stat.mtimeMs, stat.nlink]).toEqual([100_000, 0o755, 12_000, 2]);
    expect(fs.readlinkSync(path.join(root, "bin"))).toBe("usr/bin");
    expect(fs.readFileSync(path.join(root, "usr/bin/extra"), "utf8")).toBe("e");
    expect(fs.statSync(path.join(root, "usr/bin")).mtimeMs).toBe(11_000);
  });

  it("leaves out what the caller does not want", async () => {
    fs.writeFileSync(
      file,
      debOf(CONTROL, [
        { name: "./usr/share/doc/x", content: "" },
        { name: "./b", content: "" },
      ]),
    );
    const tree = createTreeWriter(root, { setOwners: false });
    await unpackDeb(host, file, tree, { include: ({ name }) => !name.startsWith("./usr/share/doc/") });
    expect(fs.readdirSync(root)).toEqual(["b"]);
  });

  it("stops when it is interrupted", async () => {
    fs.writeFileSync(file, debOf(CONTROL, [{ name: "./b", content: "" }]));
    const tree = createTreeWriter(root, { setOwners: false });
    const unpacking = unpackDeb(host, file, tree, { signal: AbortSignal.abort() });
    await expect(unpacking).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  const hostile: [string, TarRecord, string][] = [
    ["a path that climbs", { name: "./../evil", content: "" }, "PACKAGE_UNSAFE_PATH"],
    ["an absolute path", { name: "/evil", content: "" }, "PACKAGE_UNSAFE_PATH"],
    ["a character device", { name: "./null", type: "3" }, "PACKAGE_FORMAT_INVALID"],
    ["a block device", { name: "./sda", type: "4" }, "PACKAGE_FORMAT_INVALID"],
    ["a fifo", { name: "./pipe", type: "6" }, "PACKAGE_FORMAT_INVALID"],
    ["a hard link out of the tree", { name: "./h", type: "1", linkName: "../hello.deb" }, "PACKAGE_UNSAFE_PATH"],
    ["a hard link to nothing", { name: "./h", type: "1", linkName: "./absent" }, "PACKAGE_FORMAT_INVALID"],
    ["an absurd size", { name: "./a", declaredBytes: 7 * 1024 ** 3 }, "PACKAGE_TOO_LARGE"],
    ["content that is cut short", { name: "./a", declaredBytes: 9000, content: "x" }, "PACKAGE_FORMAT_INVALID"],
  ];
  it.each(hostile)("refuses %s", async (_, record, code) => {
    await expect(unpack(debOf(CONTROL, [record]))).rejects.toMatchObject({ code });
    expect(fs.readdirSync(sandbox).sort()).toEqual(["hello.deb", "root"]);
  });

  it.each([
    ["another order", arOf([binary, data, control]), 'it has no "control.tar" where'],
    ["no data", arOf([binary, control]), 'it has no "data.tar" where'],
    ["another version", arOf([member("debian-binary", "3.0\n"), control, data]), "not version 2"],
    ["an unknown compression", arOf([binary, control, member("data.tar.br", "")]), "compression"],
    ["a member between", arOf([binary, control, member("evil", ""), data]), 'it has no "data.tar" where'],
    ["damaged gzip", arOf([binary, control, member("data.tar.gz", "no gzip")]), 'Cannot decompress "data.tar.gz"'],
    ["cut gzip", arOf([binary, control, member("data.tar.gz", gzipSync("x".repeat(999)).subarray(0, 20))]), "Cannot"],
    [
      "cut zstd",
      arOf([binary, control, member("data.tar.zst", zstdCompressSync(data.content).subarray(0, 30))]),
      "Cannot",
    ],
    ["damaged xz", arOf([binary, control, member("data.tar.xz", "no xz")]), 'Cannot decompress "data.tar.xz"'],
  ])("refuses %s", async (_, bytes, message) => {
    const unpacking = unpack(bytes);
    await expect(unpacking).rejects.toMatchObject({ code: "PACKAGE_FORMAT_INVALID" });
    await expect(unpacking).rejects.toThrowError(message);
  });

  it("says when the file is not there", async () => {
    const tree = createTreeWriter(root, { setOwners: false });
    const unpacking = unpackDeb(host, path.join(sandbox, "absent.deb"), tree);
    await expect(unpacking).rejects.toMatchObject({ code: "HOST_FILE_UNREADABLE" });
  });
});

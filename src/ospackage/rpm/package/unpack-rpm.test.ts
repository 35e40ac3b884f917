import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RpmCompressor, type RpmFileRecord, type RpmRecord, rpmOf } from "../../../../test/fixtures/make-rpm.ts";
import { type CpioRecord, cpioOf } from "../../../../test/fixtures/make-rpm-parts.ts";
import { createProcessRunner, createTreeWriter, nodeFiles } from "../../../host/index.ts";
import { type UnpackRpmOptions, unpackRpm } from "./unpack-rpm.ts";

const host = { files: nodeFiles, processes: createProcessRunner() };
let sandbox: string;
let file: string;
let root: string;

beforeEach(() => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "unpack-rpm-"));
  file = path.join(sandbox, "x.rpm");
  root = path.join(sandbox, "root");
  fs.mkdirSync(root);
});
afterEach(() => fs.rmSync(sandbox, { recursive: true }));

async function unpack(record: Partial<RpmRecord>, options: UnpackRpmOptions = {}, change = (bytes: Buffer) => bytes) {
  fs.writeFileSync(file, change(await rpmOf({ name: "x", ...record })));
  const tree = createTreeWriter(root, { setOwners: false, maxBytes: 1024 ** 2 });
  const leftOut = await unpackRpm(host, file, tree, options);
  tree.finish();
  return leftOut;
}

const read = (name: string): string => fs.readFileSync(path.join(root, name), "utf8");
const DIRECTORY = 0o40755;
const LINK = 0o120777;

describe("unpackRpm()", () => {
  const files: readonly RpmFileRecord[] = [
    { path: "/usr/share/x", mode: 0o40750, mtimeSeconds: 11 },
    { path: "/usr/share/x/a", mode: 0o104755, content: "hello".repeat(50_000), mtimeSeconds: 12, user: "nobody-knows" },
    { path: "/usr/share/x/h1", content: "linked", inode: 7 },
    { path: "/usr/share/x/h2", content: "linked", inode: 7 },
    { path: "/usr/share/x/e1", inode: 8 },
    { path: "/usr/share/x/e2", inode: 8 },
    { path: "/usr/share/x/to", mode: LINK, linkTarget: "../../nowhere" },
    { path: "/var/x", flags: 64 },
  ];

  it.each<[RpmCompressor, boolean]>([
    ["gzip", false],
    ["zstd", true],
    ["xz", false],
    ["", true],
    ["", false],
  ])("writes files, links and directories, from %j, large files: %j", async (compressor, largeFiles) => {
    expect(await unpack({ files, compressor, largeFiles })).toEqual([]);
    const stat = fs.statSync(path.join(root, "usr/share/x/a"));
    expect([stat.size, stat.mode & 0o7777, stat.mtimeMs]).toEqual([250_000, 0o4755, 12_000]);
    const inode = (name: string): number => fs.statSync(path.join(root, "usr/share/x", name)).ino;
    expect([inode("h1") === inode("h2"), inode("e1") === inode("e2"), read("usr/share/x/h1")]).toEqual([
      ...[true, true, "linked"],
    ]);
    expect(fs.readlinkSync(path.join(root, "usr/share/x/to"))).toBe("../../nowhere");
    expect(fs.statSync(path.join(root, "usr/share/x")).mode & 0o7777).toBe(0o750);
    expect(fs.statSync(path.join(root, "usr/share/x")).mtimeMs).toBe(11_000);
    expect(fs.existsSync(path.join(root, "var"))).toBe(false);
  });

  it("leaves out what the caller does not want, also the name that brings the content", async () => {
    await unpack({ files }, { include: ({ path: name }) => !/\/(a|h2)$/.test(name) });
    expect(fs.readdirSync(path.join(root, "usr/share/x"))).toEqual(["e1", "e2", "h1", "to"]);
    expect(read("usr/share/x/h1")).toBe("linked");
  });

  it("takes hard links whose content comes first, as other programs write them", async () => {
    const record = (name: string, content: string): CpioRecord => ({ name, content, inode: 7, linkCount: 2 });
    const archive = cpioOf([record("./h1", "linked"), record("./h2", "")]);
    const both = [1, 2].map((number) => ({ path: `/h${number}`, content: "linked", inode: 7 }));
    await unpack({ files: both, archive });
    expect([read("h1"), read("h2")]).toEqual(["linked", "linked"]);
  });

  it("tells which device nodes and pipes it left out", async () => {
    const leftOut = await unpack({
      files: [
        { path: "/dev/null", mode: 0o20666 },
        { path: "/dev/pipe", mode: 0o10600 },
        { path: "/a", content: "a" },
      ],
    });
    expect(leftOut.map(({ path: name, type }) => [name, type])).toEqual([
      ["/dev/null", "character-device"],
      ["/dev/pipe", "fifo"],
    ]);
    expect(fs.readdirSync(root)).toEqual(["a"]);
  });

  it("stops when it is interrupted", async () => {
    const unpacking = unpack({ files }, { signal: AbortSignal.abort() });
    await expect(unpacking).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  const a = { path: "/a", content: "hello" };
  const one = (record: CpioRecord): Partial<RpmRecord> => ({ files: [a], archive: cpioOf([record]) });
  const hostile: [string, Partial<RpmRecord>, string, string][] = [
    ["a path that climbs", { files: [{ path: "/../evil", content: "x" }] }, "PACKAGE_UNSAFE_PATH", "evil"],
    ["a directory that climbs", { files: [{ path: "/x/../../evil", mode: DIRECTORY }] }, "PACKAGE_UNSAFE_PATH", "evil"],
    ["a payload that climbs", one({ name: "../evil", content: "hello" }), "PACKAGE_UNSAFE_PATH", "leads out"],
    [
      "a file that no header knows",
      one({ name: "./evil", content: "hello" }),
      "PACKAGE_FORMAT_INVALID",
      "does not know",
    ],
    [
      "a file of another size",
      one({ name: "./a", content: "hell" }),
      "PACKAGE_FORMAT_INVALID",
      "4 bytes in its payload",
    ],
    [
      "a file that is missing",
      { files: [a], archive: cpioOf([]) },
      "PACKAGE_FORMAT_INVALID",
      '"/a" is not in its payload',
    ],
    [
      "a file twice",
      {
        files: [a],
        archive: cpioOf([
          { name: "./a", content: "hello" },
          { name: "/a", content: "hello" },
        ]),
      },
      "PACKAGE_FORMAT_INVALID",
      "does not belong there",
    ],
    [
      "a ghost with content",
      { files: [{ path: "/a", flags: 64 }], archive: cpioOf([{ name: "./a", content: "x" }]) },
      "PACKAGE_FORMAT_INVALID",
      "does not belong there",
    ],
    [
      "a link that leads elsewhere than its header says",
      {
        files: [{ path: "/l", mode: LINK, linkTarget: "safe" }],
        archive: cpioOf([{ name: "./l", mode: LINK, content: "evil" }]),
      },
      "PACKAGE_FORMAT_INVALID",
      "leads elsewhere",
    ],
    [
      "hard links without content",
      {
        files: [1, 2].map((number) => ({ path: `/h${number}`, content: "linked", inode: 7 })),
        archive: cpioOf([{ name: "./h1" }, { name: "./h2" }]),
      },
      "PACKAGE_FORMAT_INVALID",
      'the content of the hard link "/h1" is missing',
    ],
    [
      "more than the tree may have",
      { files: [{ path: "/a", content: Buffer.alloc(2 * 1024 ** 2) }] },
      "PACKAGE_TOO_LARGE",
      "/a",
    ],
    [
      "an unknown compression",
      { files: [a], tags: [{ tag: 1125, type: "string", values: ["lzip"] }] },
      "PACKAGE_FORMAT_INVALID",
      '"lzip"',
    ],
    [
      "another archive",
      { files: [a], tags: [{ tag: 1124, type: "string", values: ["drpm"] }] },
      "PACKAGE_FORMAT_INVALID",
      "drpm",
    ],
    [
      "another compression than it says",
      { files: [a], tags: [{ tag: 1125, type: "string", values: ["zstd"] }] },
      "PACKAGE_FORMAT_INVALID",
      "payload",
    ],
    [
      "another digest",
      { files: [a], tags: [{ tag: 5092, type: "strings", values: ["00"] }], withoutTags: [5097] },
      "PACKAGE_DIGEST_MISMATCH",
      "its payload",
    ],
  ];
  it.each(hostile)("refuses %s", async (_, record, code, message) => {
    const unpacking = unpack(record);
    await expect(unpacking).rejects.toMatchObject({ code });
    await expect(unpacking).rejects.toThrowError(message);
    expect(fs.readdirSync(sandbox).sort()).toEqual(["root", "x.rpm"]);
  });

  it("never writes through a symbolic link out of the tree", async () => {
    fs.mkdirSync(path.join(sandbox, "outside"));
    await unpack({
      files: [
        { path: "/out", mode: LINK, linkTarget: path.join(sandbox, "outside") },
        { path: "/out/evil", content: "x" },
      ],
    }).catch(() => undefined);
    await unpack({
      files: [
        { path: "/up", mode: LINK, linkTarget: "../outside" },
        { path: "/up/evil", content: "x" },
      ],
    }).catch(() => undefined);
    expect(fs.readdirSync(path.join(sandbox, "outside"))).toEqual([]);
  });

  it("refuses a payload with a flipped byte or without its end", async () => {
    for (const compressor of ["gzip", "zstd", ""] as const) {
      const flip = (bytes: Buffer): Buffer => {
        const at = bytes.length - 20;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return bytes;
      };
      await expect(unpack({ files, compressor }, {}, flip)).rejects.toMatchObject({
        code: expect.stringMatching(/^PACKAGE_(DIGEST_MISMATCH|FORMAT_INVALID)$/) as string,
      });
      const cut = unpack({ files, compressor }, {}, (bytes) => bytes.subarray(0, -8));
      await expect(cut).rejects.toThrowError(/ends early|unexpected end|incomplete|digest/);
    }
  });

  it("refuses bytes behind the payload", async () => {
    for (const compressor of ["gzip", "zstd", ""] as const) {
      const longer = unpack({ files, compressor }, {}, (bytes) => Buffer.concat([bytes, Buffer.from("more")]));
      await expect(longer).rejects.toMatchObject({
        code: expect.stringMatching(/^PACKAGE_(DIGEST_MISMATCH|FORMAT_INVALID)$/) as string,
      });
    }
  });
});

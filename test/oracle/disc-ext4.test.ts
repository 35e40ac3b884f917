import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandResult, createProcessRunner, nodeFiles } from "../../src/host/index.ts";
import { type Ext4Options, makeExt4, type ProgramCall } from "../../src/image/index.ts";
import { fetchTrixiePrograms, type TrixiePrograms } from "./disc-trixie-programs.ts";

const MIB = 1024 * 1024;
const OFFSET = 3 * MIB;
const EPOCH = Date.UTC(2024, 0) / 1000;
const OLD = Date.UTC(2021, 5) / 1000;
const isRoot = process.getuid?.() === 0;
const PACKAGES = [
  "e2fsprogs",
  "libext2fs2t64",
  "libcom-err2",
  "libss2",
  "libblkid1",
  "libuuid1",
  "libc6",
  "attr",
  "libattr1",
  "libcap2-bin",
  "libcap2",
];

let directory: string;
let programs: TrixiePrograms;
/** On a disk and, where there is one, on tmpfs. */
let places: string[];

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "disc-ext4-"));
  programs = fetchTrixiePrograms(createProcessRunner(), directory, PACKAGES);
  const memory = fs.existsSync("/dev/shm") ? [fs.mkdtempSync("/dev/shm/disc-ext4-")] : [];
  places = [directory, ...memory];
});

afterAll(() => {
  for (const place of places) fs.rmSync(place, { recursive: true });
});

/** What a tree has that could show in the bytes of an image, and what must not. */
interface Variant {
  readonly name: string;
  readonly place: string;
  readonly isReversed: boolean;
  readonly atimeSeconds: number;
}

async function makeTree({ name, place, isReversed, atimeSeconds }: Variant): Promise<string> {
  const tree = path.join(place, name);
  const inOrder = <T>(list: readonly T[]): T[] => (isReversed ? list.toReversed() : [...list]);
  for (const part of inOrder(["bin", "etc", "many/deep/er", "void"]))
    fs.mkdirSync(path.join(tree, part), { recursive: true });
  const numbers = Array.from({ length: 500 }, (_, index) => index);
  for (const number of inOrder(numbers))
    fs.writeFileSync(path.join(tree, `many/file-${number}`), `${number}\n`.repeat(number));
  if (isReversed) {
    // Names that have been there leave gaps in directories.
    for (const number of numbers) fs.writeFileSync(path.join(tree, `many/gone-${number}`), "");
    for (const number of numbers) fs.rmSync(path.join(tree, `many/gone-${number}`));
  }
  fs.writeFileSync(path.join(tree, "bin/ping"), Buffer.alloc(100_000, 7));
  fs.linkSync(path.join(tree, "bin/ping"), path.join(tree, 'etc/hard "link"'));
  fs.symlinkSync("x".repeat(100), path.join(tree, "etc/long-link"));
  fs.symlinkSync("../bin/ping", path.join(tree, "etc/short-link"));
  fs.writeFileSync(path.join(tree, "sparse"), "");
  fs.truncateSync(path.join(tree, "sparse"), 200 * MIB);
  const zeros = Buffer.alloc(MIB);
  zeros.write("x", MIB / 2);
  fs.writeFileSync(path.join(tree, "zeros"), isReversed ? "" : zeros);
  if (isReversed) {
    // The same bytes, with holes.
    const file = fs.openSync(path.join(tree, "zeros"), "r+");
    fs.ftruncateSync(file, MIB);
    fs.writeSync(file, "x", MIB / 2);
    fs.closeSync(file);
  }
  fs.chmodSync(path.join(tree, "bin/ping"), 0o4755);
  if (isRoot) {
    fs.chownSync(path.join(tree, "etc"), 1234, 70_000);
    const attributes = inOrder([
      ["security.capability", "0x0100000200200000000000000000000000000000"],
      ["user.b", "0x62"],
      ["user.long-name", `0x${"61".repeat(300)}`],
      ["user.a", "0x"],
    ] as const);
    for (const [attribute, value] of attributes) {
      await programs.run({ argv: ["setfattr", "-n", attribute, "-v", value, path.join(tree, "bin/ping")] });
    }
  }
  const names = fs.readdirSync(tree, { recursive: true, encoding: "utf8" });
  for (const entry of ["", ...names].sort().reverse()) fs.lutimesSync(path.join(tree, entry), atimeSeconds, OLD);
  return tree;
}

async function makeImage(
  name: string,
  tree: string,
  options: Partial<Ext4Options> = {},
  run: (call: ProgramCall) => Promise<CommandResult> = (call) => programs.run(call),
): Promise<string> {
  const imageFile = path.join(directory, name);
  const sizeBytes = options.sizeBytes ?? 64 * MIB;
  await using file = await nodeFiles.open(imageFile, { create: true });
  await file.truncate(OFFSET + sizeBytes + MIB);
  await makeExt4(nodeFiles, run, imageFile, {
    imageFile,
    offsetBytes: OFFSET,
    sizeBytes,
    uuid: "b5dbe55a-5ee4-53dc-9cc3-6fc7f5774428",
    hashSeed: "b170adb9-d336-5ea9-974c-c25b9e786dab",
    label: "root",
    sourceDateEpoch: EPOCH,
    rootDirectory: tree,
    ...options,
  });
  return imageFile;
}

/** What debugfs prints for a request. */
async function ask(image: string, request: string): Promise<string> {
  const { stdout } = await programs.run({ argv: ["debugfs", "-R", request, `${image}?offset=${OFFSET}`] });
  return stdout;
}

describe("makeExt4()", () => {
  it("gives the same bytes for trees that differ only in what the host makes of them", async () => {
    const digests = new Map<string, string>();
    for (const [index, place] of places.entries()) {
      for (const isReversed of [false, true]) {
        for (const atimeSeconds of [OLD, OLD + 5, EPOCH + 1_000_000]) {
          const name = `tree-${index}-${isReversed}-${atimeSeconds}`;
          const tree = await makeTree({ name, place, isReversed, atimeSeconds });
          const image = await makeImage(`${name}.raw`, tree);
          digests.set(name, await nodeFiles.sha256(image));
          fs.rmSync(tree, { recursive: true });
          fs.rmSync(image);
        }
      }
    }
    expect(new Set(digests.values()).size, JSON.stringify([...digests], null, 1)).toBe(1);
  });

  it("gives the same bytes on a clock that is slow: an epoch in its future", async () => {
    const future = { sourceDateEpoch: Date.UTC(2033, 4) / 1000 };
    const digests: string[] = [];
    for (const [index, place] of places.entries()) {
      const tree = await makeTree({ name: `slow-${index}`, place, isReversed: index > 0, atimeSeconds: OLD + index });
      digests.push(await nodeFiles.sha256(await makeImage(`slow-${index}.raw`, tree, future)));
    }
    expect(new Set(digests).size).toBe(1);
  });

  it("gives the same bytes a second later with the e2fsprogs of this host, which may be older than 1.47.1", async () => {
    const host = createProcessRunner();
    const run = (call: ProgramCall) => (call.argv[0] === "getfattr" ? programs.run(call) : host.run(call));
    const tree = await makeTree({ name: "later", place: directory, isReversed: false, atimeSeconds: OLD });
    const first = await makeImage("earlier.raw", tree, {}, run);
    await setTimeout(1000);
    const second = await makeImage("later.raw", tree, {}, run);
    execFileSync("cmp", [first, second]);
  });

  it("makes a sound file system that keeps links, holes, owners, modes and attributes", async () => {
    const tree = await makeTree({ name: "kept", place: directory, isReversed: false, atimeSeconds: OLD });
    const image = await makeImage("kept.raw", tree);
    const alone = path.join(directory, "kept.ext4");
    fs.writeFileSync(alone, fs.readFileSync(image).subarray(OFFSET, OFFSET + 64 * MIB));
    const check = await programs.run({ argv: ["e2fsck", "-fn", alone] });
    expect(check.stdout).not.toMatch(/\?|WARNING|errors/);
    const ping = await ask(image, "stat /bin/ping");
    expect(ping).toMatch(/Mode: {2}04755/);
    expect(ping).toMatch(/Links: 2/);
    expect(await ask(image, 'stat "/etc/hard ""link"""')).toBe(ping);
    expect(await ask(image, "stat /sparse")).toMatch(/Size: 209715200[\s\S]*Blockcount: 0/);
    expect(await ask(image, "stat /etc/long-link")).toContain("Size: 100");
    if (isRoot) {
      expect(await ask(image, "stat /etc")).toMatch(/User: +1234 +Group: +70000/);
      expect(await ask(image, "ea_list /bin/ping")).toContain("security.capability (20) = 01 00 00 02 00 20");
      expect(await ask(image, "ea_list /bin/ping")).toContain("user.long-name (300)");
    }
    const copy = path.join(directory, "copied");
    fs.mkdirSync(copy);
    await ask(image, `rdump /many /zeros ${copy}`);
    execFileSync("diff", ["-r", path.join(tree, "many"), path.join(copy, "many")]);
    execFileSync("cmp", [path.join(tree, "zeros"), path.join(copy, "zeros")]);
  });

  it("writes nothing outside of its place", async () => {
    const tree = await makeTree({ name: "inside", place: directory, isReversed: false, atimeSeconds: OLD });
    const bytes = fs.readFileSync(await makeImage("inside.raw", tree));
    expect(bytes.subarray(0, OFFSET).equals(Buffer.alloc(OFFSET))).toBe(true);
    expect(bytes.subarray(OFFSET + 64 * MIB).equals(Buffer.alloc(MIB))).toBe(true);
  });

  it("keeps an empty image sparse, its inode tables marked as done", async () => {
    const tree = path.join(directory, "void");
    fs.mkdirSync(tree);
    const image = await makeImage("void.raw", tree, { sizeBytes: 2048 * MIB });
    expect(fs.statSync(image).blocks * 512).toBeLessThan(8 * MIB);
    const alone = path.join(directory, "void.ext4");
    execFileSync("dd", [`if=${image}`, `of=${alone}`, "bs=1M", `skip=${OFFSET / MIB}`, "conv=sparse"], {
      stdio: "pipe",
    });
    const { stdout } = await programs.run({ argv: ["dumpe2fs", alone] });
    const groups = stdout.match(/^Group \d+:.*$/gm) ?? [];
    expect(groups).toHaveLength(16);
    for (const group of groups) expect(group).toContain("ITABLE_ZEROED");
  });

  it.each([
    ["blocks", { sizeBytes: 4 * MIB }],
    ["inodes", { sizeBytes: 6 * MIB }],
  ])("says IMAGE_TOO_SMALL when it runs out of %s", async (what, options) => {
    const tree = path.join(directory, `full-of-${what}`);
    fs.mkdirSync(tree);
    if (what === "blocks") fs.writeFileSync(path.join(tree, "big"), Buffer.alloc(5 * MIB, 1));
    else for (let index = 0; index < 600; index += 1) fs.writeFileSync(path.join(tree, String(index)), "");
    await expect(makeImage(`full-${what}.raw`, tree, options)).rejects.toMatchObject({ code: "IMAGE_TOO_SMALL" });
  });
});

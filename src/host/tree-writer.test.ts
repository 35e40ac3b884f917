import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TreeAttributes, type TreeWriter, createTreeWriter } from "./tree-writer.ts";

const isRoot = process.getuid?.() === 0;
const plain: TreeAttributes = { mode: 0o644, uid: 0, gid: 0, mtimeSeconds: 1_600_000_000 };
const directory: TreeAttributes = { ...plain, mode: 0o755 };

let sandbox: string;
let root: string;
let tree: TreeWriter;

beforeEach(() => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "tree-writer-"));
  root = path.join(sandbox, "root");
  fs.mkdirSync(root);
  fs.writeFileSync(path.join(sandbox, "outside"), "untouched");
  tree = createTreeWriter(root, { setOwners: isRoot });
});

afterEach(() => {
  fs.rmSync(sandbox, { recursive: true });
});

async function write(entry: string, text = "content", attributes: Partial<TreeAttributes> = {}): Promise<void> {
  await tree.file(entry, { ...plain, ...attributes, sizeBytes: Buffer.byteLength(text) }, Buffer.from(text));
}

const textOf = (entry: string): string => fs.readFileSync(path.join(root, entry), "utf8");
const statOf = (entry: string): fs.Stats => fs.lstatSync(path.join(root, entry));
const link = (target: string, entry: string): void => fs.symlinkSync(target, path.join(root, entry));

describe("createTreeWriter()", () => {
  it("writes files with mode and time, whatever the umask", async () => {
    const umask = process.umask(0o077);
    try {
      await write("./usr/bin/su", "x", { mode: 0o4755, mtimeSeconds: 1_500_000_000 });
    } finally {
      process.umask(umask);
    }
    expect(statOf("usr/bin/su").mode & 0o7777).toBe(0o4755);
    expect(statOf("usr/bin/su").mtimeMs).toBe(1_500_000_000_000);
  });

  it.runIf(isRoot)("gives files away and keeps the set-user-ID bit", async () => {
    await write("a", "x", { mode: 0o6755, uid: 7, gid: 8 });
    tree.symlink("l", "a", { ...plain, uid: 7, gid: 8 });
    tree.directory("d", { ...directory, mode: 0o2775, uid: 7, gid: 8 });
    tree.finish();
    for (const entry of ["a", "l", "d"]) expect([statOf(entry).uid, statOf(entry).gid]).toEqual([7, 8]);
    expect(statOf("a").mode & 0o7777).toBe(0o6755);
    expect(statOf("d").mode & 0o7777).toBe(0o2775);
  });

  it("writes streams, and refuses content of another size", async () => {
    async function* pieces() {
      yield Buffer.from("ab");
      yield Buffer.from("cd");
    }
    await tree.file("a", { ...plain, sizeBytes: 4 }, pieces());
    expect(textOf("a")).toBe("abcd");
    for (const sizeBytes of [3, 5]) {
      await expect(tree.file("b", { ...plain, sizeBytes }, pieces())).rejects.toMatchObject({
        code: "PACKAGE_FORMAT_INVALID",
      });
    }
  });

  it("sets directory times and modes at the end, children notwithstanding", async () => {
    tree.directory("./", { ...directory, mtimeSeconds: 1 });
    tree.directory("./d/", { ...directory, mode: 0o500, mtimeSeconds: 2 });
    tree.directory("./d/e", { ...directory, mtimeSeconds: 3 });
    await write("./d/e/f");
    tree.finish();
    expect([".", "d", "d/e"].map((entry) => statOf(entry).mtimeMs)).toEqual([1000, 2000, 3000]);
    expect(statOf("d").mode & 0o7777).toBe(0o500);
    fs.chmodSync(path.join(root, "d"), 0o700);
  });

  it("keeps the time of directories that no entry describes", async () => {
    fs.mkdirSync(path.join(root, "there"));
    fs.utimesSync(path.join(root, "there"), 5, 5);
    await write("there/a");
    await write("made/b", "x", { mtimeSeconds: 6 });
    tree.finish();
    expect(statOf("there").mtimeMs).toBe(5000);
    expect(statOf("made").mtimeMs).toBe(6000);
  });

  it("gives a directory of several packages the newest time, in any order", () => {
    for (const mtimeSeconds of [10, 30, 20]) tree.directory("d", { ...directory, mtimeSeconds });
    tree.finish();
    expect(statOf("d").mtimeMs).toBe(30_000);
  });

  it.each(["usr/bin", "/usr/bin", "./usr/../usr/bin", "//usr//bin/"])(
    "follows /bin -> %s inside the tree and keeps it",
    async (target) => {
      fs.mkdirSync(path.join(root, "usr/bin"), { recursive: true });
      link(target, "bin");
      tree.directory("./bin/", directory);
      await write("./bin/sh");
      await write("./bin/../x").catch(() => undefined);
      tree.hardlink("./usr/bin/bash", "./bin/sh");
      tree.finish();
      expect(textOf("usr/bin/sh")).toBe("content");
      expect(statOf("bin").isSymbolicLink()).toBe(true);
      expect(statOf("usr/bin/bash").ino).toBe(statOf("usr/bin/sh").ino);
    },
  );

  it.each(["/etc/passwd", "../outside", "a/../../outside", "..", "a\0b"])("refuses the path %j", async (entry) => {
    const code = { code: "PACKAGE_UNSAFE_PATH" };
    await expect(write(entry)).rejects.toMatchObject(code);
    expect(() => tree.directory(entry, directory)).toThrowError(expect.objectContaining(code));
    expect(() => tree.symlink(entry, "x", plain)).toThrowError(expect.objectContaining(code));
    expect(() => tree.hardlink("h", entry)).toThrowError(expect.objectContaining(code));
  });

  it("never leaves the tree through a link in a parent", async () => {
    tree.symlink("up", "..", plain);
    tree.symlink("upper", "a/../../..", plain);
    tree.symlink("absolute", sandbox, plain);
    for (const entry of ["up/outside", "upper/outside"]) {
      await expect(write(entry)).rejects.toMatchObject({ code: "PACKAGE_UNSAFE_PATH" });
      expect(() => tree.hardlink("h", entry)).toThrowError(expect.objectContaining({ code: "PACKAGE_UNSAFE_PATH" }));
    }
    await write("absolute/outside");
    expect(textOf(path.join(sandbox, "outside"))).toBe("content");
    expect(fs.readFileSync(path.join(sandbox, "outside"), "utf8")).toBe("untouched");
  });

  it("sees a link that took the place of one that it had followed", async () => {
    fs.mkdirSync(path.join(root, "one"));
    fs.mkdirSync(path.join(root, "two"));
    tree.symlink("l", "one", plain);
    await write("l/a");
    tree.symlink("l", "two", plain);
    await write("l/b");
    tree.symlink("l", "..", plain);
    await expect(write("l/c")).rejects.toMatchObject({ code: "PACKAGE_UNSAFE_PATH" });
    expect(textOf("one/a") + textOf("two/b")).toBe("contentcontent");
  });

  it("refuses links without an end", async () => {
    link("b", "a");
    link("a", "b");
    await expect(write("a/x")).rejects.toMatchObject({ code: "PACKAGE_UNSAFE_PATH" });
  });

  it("replaces a link in an entry's place and does not follow it", async () => {
    link(path.join(sandbox, "outside"), "a");
    link("../outside", "b");
    link("nowhere", "d");
    await write("a", "new");
    await write("b", "new");
    tree.directory("d", directory);
    expect(textOf("a") + textOf("b")).toBe("newnew");
    expect(statOf("d").isDirectory()).toBe(true);
    expect(fs.readFileSync(path.join(sandbox, "outside"), "utf8")).toBe("untouched");
  });

  it("replaces a file without writing through its other names", async () => {
    await write("a", "old");
    tree.hardlink("b", "a");
    await write("a", "new");
    expect(textOf("b")).toBe("old");
    tree.hardlink("b", "a");
    tree.hardlink("b", "b");
    expect(textOf("b")).toBe("new");
  });

  it("keeps a directory where a package has a link", async () => {
    await write("d/a");
    tree.symlink("d", "elsewhere", plain);
    expect(textOf("d/a")).toBe("content");
  });

  it("replaces a directory by a link only where that is wanted and nothing is in it", async () => {
    tree.directory("d", { ...directory, mode: 0o700 });
    tree.directory("full/a", directory);
    tree.symlink("d", "elsewhere", plain);
    expect(fs.lstatSync(path.join(root, "d")).isDirectory()).toBe(true);
    const outside = path.join(sandbox, "far-away");
    fs.mkdirSync(outside, { mode: 0o755 });
    const replacing = createTreeWriter(root, { setOwners: false, linksReplaceEmptyDirectories: true });
    replacing.directory("d", { ...directory, mode: 0o700 });
    replacing.symlink("d", outside, plain);
    replacing.symlink("full", "elsewhere", plain);
    replacing.finish();
    expect([fs.readlinkSync(path.join(root, "d")), fs.readdirSync(path.join(root, "full"))]).toEqual([outside, ["a"]]);
    // What was to be set on the directory must not be set where the link leads.
    expect(fs.statSync(outside).mode & 0o777).toBe(0o755);
  });

  it("refuses a file where a directory is, and the reverse", async () => {
    const code = { code: "PACKAGE_FORMAT_INVALID" };
    await write("d/a");
    await expect(write("d")).rejects.toMatchObject(code);
    await expect(write("./")).rejects.toMatchObject(code);
    await expect(write("d/a/b")).rejects.toMatchObject(code);
    expect(() => tree.directory("d/a", directory)).toThrowError(expect.objectContaining(code));
    expect(() => tree.hardlink("h", "d")).toThrowError(expect.objectContaining(code));
    expect(() => tree.hardlink("h", "absent/x")).toThrowError(expect.objectContaining(code));
    expect(() => tree.symlink("l", "", plain)).toThrowError(expect.objectContaining(code));
  });

  it("refuses more entries and more bytes than allowed, before writing", async () => {
    const code = { code: "PACKAGE_TOO_LARGE" };
    tree = createTreeWriter(root, { setOwners: false, maxBytes: 10 });
    await expect(tree.file("a", { ...plain, sizeBytes: 11 }, Buffer.alloc(11))).rejects.toMatchObject(code);
    expect(fs.existsSync(path.join(root, "a"))).toBe(false);
    tree = createTreeWriter(root, { setOwners: false, maxEntries: 1 });
    tree.symlink("b", "x", plain);
    expect(() => tree.symlink("c", "x", plain)).toThrowError(expect.objectContaining(code));
  });
});

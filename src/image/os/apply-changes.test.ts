import { existsSync, lstatSync, readFileSync, readlinkSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { applyChanges } from "./apply-changes.ts";
import { type TreeChange, rootDirectory, rootFile, symlink } from "./tree-change.ts";

describe("applyChanges()", () => {
  it("writes files, makes parents, and sets mode and owner", async () => {
    using tree = fakeTree();
    await applyChanges(tree.host, tree.root, [
      { kind: "write", path: "/etc/deep/shadow", content: "x", mode: 0o640, uid: 3, gid: 42 },
    ]);
    expect(readFileSync(`${tree.root}/etc/deep/shadow`, "utf8")).toBe("x");
    expect(lstatSync(`${tree.root}/etc/deep/shadow`).mode & 0o7777).toBe(0o640);
    expect(tree.owners.get("/etc/deep")).toBe("0:0");
    expect([...tree.owners.values()]).toContain("3:42");
  });

  it("replaces a link at the end instead of following it", async () => {
    using tree = fakeTree({ "/etc/localtime": { link: "/usr/share/zoneinfo/UTC" }, "/usr/share/zoneinfo/UTC": "zone" });
    await applyChanges(tree.host, tree.root, [rootFile("/etc/localtime", "mine")]);
    expect(lstatSync(`${tree.root}/etc/localtime`).isFile()).toBe(true);
    expect(readFileSync(`${tree.root}/usr/share/zoneinfo/UTC`, "utf8")).toBe("zone");
  });

  const everyKind = (outside: string): TreeChange[] => [
    rootFile("/etc/victim", "changed"),
    rootDirectory("/etc/new"),
    symlink("/etc/link", "/x"),
    { kind: "copy", path: "/etc/copy", from: `${outside}/victim`, mode: 0o644, uid: 0, gid: 0 },
    { kind: "remove", path: "/etc/victim" },
  ];

  it.each([
    ["an absolute link", (outside: string) => outside],
    ["a link that climbs", (outside: string) => `../../../../../../../..${outside}`],
  ])("refuses to leave the tree through %s in a parent", async (_, target) => {
    using outside = fakeTree({ "/victim": "untouched" });
    using tree = fakeTree();
    symlinkSync(target(outside.root), `${tree.root}/etc`);
    for (const change of everyKind(outside.root).slice(0, -1)) {
      await expect(applyChanges(tree.host, tree.root, [change])).rejects.toMatchObject({ code: "IMAGE_PLAN_INVALID" });
    }
    await applyChanges(tree.host, tree.root, everyKind(outside.root).slice(-1));
    expect(readdirSync(outside.root)).toEqual(["victim"]);
    expect(readFileSync(`${outside.root}/victim`, "utf8")).toBe("untouched");
  });

  it("takes a link to / for the root of the tree", async () => {
    using tree = fakeTree({ "/etc": { link: "/" }, "/victim": "x" });
    await applyChanges(tree.host, tree.root, everyKind(tree.root));
    expect(readdirSync(tree.root)).toEqual(["copy", "etc", "link", "new"]);
  });

  it("writes where the finished system would find it", async () => {
    using tree = fakeTree({
      "/usr/lib": { directory: true },
      "/lib": { link: "usr/lib" },
      "/run/x": "",
      "/var/run": { link: "/run" },
    });
    await applyChanges(tree.host, tree.root, [rootFile("/lib/a", "1"), rootFile("/var/run/b", "2")]);
    expect([existsSync(`${tree.root}/usr/lib/a`), existsSync(`${tree.root}/run/b`)]).toEqual([true, true]);
  });

  it("copies without leaving the temporary name behind", async () => {
    using tree = fakeTree();
    const from = path.join(tree.root, "source");
    writeFileSync(from, "content");
    await applyChanges(tree.host, tree.root, [{ kind: "copy", path: "/opt/x", from, mode: 0o4755, uid: 0, gid: 0 }]);
    expect(readdirSync(`${tree.root}/opt`)).toEqual(["x"]);
    expect(lstatSync(`${tree.root}/opt/x`).mode & 0o7777).toBe(0o4755);
  });

  it("replaces links and files by links", async () => {
    using tree = fakeTree({ "/etc/resolv.conf": "old" });
    await applyChanges(tree.host, tree.root, [
      symlink("/etc/resolv.conf", "../run/x"),
      symlink("/etc/resolv.conf", "y"),
    ]);
    expect(readlinkSync(`${tree.root}/etc/resolv.conf`)).toBe("y");
  });

  it("removes a link and not what it points to, and minds nothing that is missing", async () => {
    using tree = fakeTree({ "/etc/link": { link: "/keep" }, "/keep/file": "x" });
    await applyChanges(tree.host, tree.root, [
      { kind: "remove", path: "/etc/link" },
      { kind: "remove", path: "/no/such/path" },
    ]);
    expect(existsSync(`${tree.root}/keep/file`)).toBe(true);
    expect(existsSync(`${tree.root}/no`)).toBe(false);
  });

  it.each(["/", "etc/x", "/../x", "/a/../../x", "/a\0b"])("refuses the path %j", async (path_) => {
    using tree = fakeTree();
    await expect(applyChanges(tree.host, tree.root, [rootFile(path_, "x")])).rejects.toMatchObject({
      code: "IMAGE_PLAN_INVALID",
    });
  });

  it("refuses a file where a directory is, a parent that is a file, and links without end", async () => {
    using tree = fakeTree({ "/etc/dir": { directory: true }, "/file": "x", "/loop": { link: "loop" } });
    for (const change of [rootFile("/etc/dir", "x"), rootFile("/file/x", "x"), rootFile("/loop/x", "x")]) {
      await expect(applyChanges(tree.host, tree.root, [change])).rejects.toMatchObject({ code: "IMAGE_PLAN_INVALID" });
    }
  });
});

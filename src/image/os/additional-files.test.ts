import { chmodSync, lstatSync, mkdirSync, readFileSync, readlinkSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AdditionalFileSection } from "../../config/index.ts";
import { type FakeTree, fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { filesOfInitrd, placeAdditionalFiles } from "./additional-files.ts";
import { openImageTree } from "./image-tree.ts";

function place(source: FakeTree, target: FakeTree, files: readonly AdditionalFileSection[]) {
  return placeAdditionalFiles(target.host, openImageTree(target.host, target.root), files, source.root);
}

const modeOf = (tree: FakeTree, path: string): string => (lstatSync(tree.root + path).mode & 0o7777).toString(8);

describe("placeAdditionalFiles()", () => {
  it("finds files beside the template and does not take over the checkout's umask", async () => {
    using source = fakeTree({ "/plain": "text", "/program": "", "/link": { link: "plain" } });
    chmodSync(`${source.root}/plain`, 0o664);
    chmodSync(`${source.root}/program`, 0o775);
    using target = fakeTree();
    const files = ["plain", "program", "link"].map((local) => ({ local, final: `/opt/${local}` }));
    await place(source, target, [...files, { local: "plain", final: "/opt/strict", mode: "4750" }]);
    expect(["plain", "program", "link", "strict"].map((name) => modeOf(target, `/opt/${name}`))).toEqual([
      ...["644", "755", "644", "4750"],
    ]);
    expect(readFileSync(`${target.root}/opt/link`, "utf8")).toBe("text");
    expect(target.owners.get("/opt/strict")).toBe("0:0");
  });

  it("copies a directory with all that is in it, and leaves its links alone", async () => {
    using source = fakeTree({
      "/tree/b/file": "text",
      "/tree/a": "",
      "/tree/out": { link: "../../etc/shadow" },
      "/tree/loop": { link: "." },
      "/tree/empty": { directory: true },
      "/secret": "",
    });
    chmodSync(`${source.root}/tree/b`, 0o700);
    using target = fakeTree();
    const [placed] = await place(source, target, [{ local: "tree", final: "/opt/x/", mode: "0600" }]);
    expect(readdirSync(`${target.root}/opt/x`)).toEqual(["a", "b", "empty", "loop", "out"]);
    expect(readlinkSync(`${target.root}/opt/x/out`)).toBe("../../etc/shadow");
    expect([modeOf(target, "/opt/x/b"), modeOf(target, "/opt/x/b/file")]).toEqual(["755", "600"]);
    expect(placed?.paths).toEqual([
      ...["/opt/x/", "/opt/x/a", "/opt/x/b", "/opt/x/b/file", "/opt/x/empty", "/opt/x/loop", "/opt/x/out"],
    ]);
  });

  it("goes through the links and directories that an image has, and leaves them as they are", async () => {
    using source = fakeTree({ "/tree/lib/x": "new", "/tree/root/y": "" });
    using target = fakeTree({ "/usr/lib/z": "", "/lib": { link: "usr/lib" }, "/root/old": "" });
    chmodSync(`${target.root}/root`, 0o700);
    const [placed] = await place(source, target, [{ local: "tree", final: "/" }]);
    expect(readFileSync(`${target.root}/usr/lib/x`, "utf8")).toBe("new");
    expect(lstatSync(`${target.root}/lib`).isSymbolicLink()).toBe(true);
    expect(modeOf(target, "/root")).toBe("700");
    expect(placed?.paths).toEqual(["/lib/x", "/root/y"]);
  });

  it("writes texts and makes directories", async () => {
    using source = fakeTree();
    using target = fakeTree({ "/srv/x": "" });
    mkdirSync(`${target.root}/home`, 0o700);
    await place(source, target, [
      { content: "Welcome\n", final: "/etc/motd" },
      { content: "", final: "/etc/empty", mode: "0600" },
      { directory: true, final: "/var/lib/app", mode: "0750" },
      { directory: true, final: "/srv", mode: "1777" },
      { directory: true, final: "/home" },
    ]);
    expect(readFileSync(`${target.root}/etc/motd`, "utf8")).toBe("Welcome\n");
    const modes = ["/etc/motd", "/etc/empty", "/var/lib/app", "/srv", "/home"].map((path) => modeOf(target, path));
    expect(modes).toEqual(["644", "600", "750", "1777", "700"]);
  });

  it("refuses what is not there, and names the place", async () => {
    using source = fakeTree({ "/tree/x": { link: "nowhere" } });
    using target = fakeTree();
    await expect(place(source, target, [{ local: "tree", final: "/x" }])).resolves.toHaveLength(1);
    await expect(place(source, target, [{ local: "missing", final: "/x" }])).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      message: expect.stringContaining("it does not exist") as string,
      details: ["named at systemConfig.additionalFiles[0].local"],
    });
  });
});

describe("filesOfInitrd()", () => {
  it("takes those of the stage pre-initramfs", () => {
    const early = { content: "", final: "/etc/crypttab", stage: "pre-initramfs" };
    expect(filesOfInitrd([early, { content: "", final: "/etc/motd" }, { ...early, stage: "" }])).toEqual([early]);
  });
});

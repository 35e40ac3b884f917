import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { openImageTree } from "./image-tree.ts";

describe("openImageTree()", () => {
  it("reads through links as the finished system would", async () => {
    using tree = fakeTree({
      "/usr/share/zone": "text",
      "/etc/a": { link: "/usr/share/zone" },
      "/etc/b": { link: "../../../usr/share/zone" },
      "/bin": { link: "usr/share" },
    });
    const image = openImageTree(tree.host, tree.root);
    expect(await image.readText("/etc/a")).toBe("text");
    expect(await image.readText("/etc/b")).toBe("text");
    expect(await image.readText("/bin/zone")).toBe("text");
    expect(await image.readLink("/etc/a")).toBe("/usr/share/zone");
    expect(await image.list("/bin")).toEqual(["zone"]);
    expect(await image.locate("/bin/new")).toBe(`${tree.root}/usr/share/new`);
  });

  it("does not see the host through a link", async () => {
    using tree = fakeTree({ "/etc/passwd": { link: "/proc/self/status" }, "/h": { link: "/" } });
    const image = openImageTree(tree.host, tree.root);
    expect(await image.readText("/etc/passwd")).toBeUndefined();
    expect(await image.list("/h")).toEqual(["etc", "h"]);
  });

  it("finds nothing below a file, a missing directory or a dangling link", async () => {
    using tree = fakeTree({ "/file": "", "/dangling": { link: "nowhere" } });
    const image = openImageTree(tree.host, tree.root);
    for (const path of ["/file/x", "/missing/x", "/dangling/x"]) {
      expect([await image.exists(path), await image.locate(path), await image.list(path)]).toEqual([
        false,
        undefined,
        [],
      ]);
    }
    expect([await image.exists("/dangling"), (await image.stat("/dangling"))?.kind]).toEqual([false, "symlink"]);
  });
});

import { chmodSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { listLocalEntries, localDigest } from "./local-entries.ts";

const digest = async (tree: ReturnType<typeof fakeTree>, name: string): Promise<string> =>
  JSON.stringify(await localDigest(tree.host, `${tree.root}/${name}`, "here"));

describe("listLocalEntries()", () => {
  it("lists parents first, in code unit order", async () => {
    using tree = fakeTree({ "/d/b/x": "", "/d/a": "", "/d/B": "", "/d/l": { link: "/etc" } });
    const entries = await listLocalEntries(tree.host, `${tree.root}/d`, "here");
    expect(entries.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      ...["directory ", "file B", "file a", "directory b", "file b/x", "symlink l"],
    ]);
  });

  it("refuses what is no file", async () => {
    using tree = fakeTree({ "/d": { directory: true } });
    await expect(listLocalEntries(tree.host, "/dev/null", "here")).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      details: ["named at here"],
    });
    await expect(listLocalEntries(tree.host, `${tree.root}/missing`, "here")).rejects.toMatchObject({
      message: expect.stringContaining("it does not exist") as string,
    });
  });
});

describe("localDigest()", () => {
  it("is the same for the same files elsewhere, with another umask", async () => {
    using first = fakeTree({ "/one/a": "text" });
    using second = fakeTree({ "/two/a": "text" });
    chmodSync(`${second.root}/two/a`, 0o664);
    expect(await digest(first, "one")).toBe(await digest(second, "two"));
  });

  it("changes with every byte, name, link and right to run", async () => {
    using tree = fakeTree({ "/d/a": "text", "/d/l": { link: "a" }, "/e/a": "text", "/e/l": { link: "b" } });
    const seen = new Set([await digest(tree, "d"), await digest(tree, "e")]);
    writeFileSync(`${tree.root}/d/a`, "texu");
    seen.add(await digest(tree, "d"));
    chmodSync(`${tree.root}/d/a`, 0o755);
    seen.add(await digest(tree, "d"));
    writeFileSync(`${tree.root}/d/b`, "");
    seen.add(await digest(tree, "d"));
    expect(seen.size).toBe(5);
  });
});

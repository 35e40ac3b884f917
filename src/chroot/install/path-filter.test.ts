import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { readPathFilter } from "./path-filter.ts";

async function filter(files: Readonly<Record<string, string>>) {
  using tree = fakeTree(files);
  return await readPathFilter(tree.host, tree.root);
}

describe("readPathFilter()", () => {
  it("lets everything in without rules", async () => {
    expect(await filter({})).toBeUndefined();
    expect(await filter({ "/etc/dpkg/dpkg.cfg": "no-debsig\n" })).toBeUndefined();
  });

  it("lets the last rule win, over the files in dpkg's order", async () => {
    const isIncluded = await filter({
      "/etc/dpkg/dpkg.cfg.d/10-docs": "path-exclude=/usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n",
      "/etc/dpkg/dpkg.cfg.d/ignored.bak": "path-exclude=/usr/bin/*\n",
      "/etc/dpkg/dpkg.cfg": "path-exclude = /usr/share/man/??/[!a]*\n",
    });
    const file = (name: string) => isIncluded?.({ name, type: "file" });
    expect(file("./usr/share/doc/bash/README")).toBe(false);
    expect(file("./usr/share/doc/bash/copyright")).toBe(true);
    expect(file("./usr/bin/bash")).toBe(true);
    expect(file("./usr/share/man/de/bash.1")).toBe(false);
    expect(file("./usr/share/man/de/apt.1")).toBe(true);
  });

  it("keeps directories that something may come back into, and no others", async () => {
    const isIncluded = await filter({
      "/etc/dpkg/dpkg.cfg.d/docs":
        "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-include=/usr/share/doc/*/copyright\n",
    });
    expect(isIncluded?.({ name: "./usr/share/doc/bash/", type: "directory" })).toBe(true);
    expect(isIncluded?.({ name: "./usr/share/man/man1/", type: "directory" })).toBe(false);
  });
});

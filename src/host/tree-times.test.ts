import { lstatSync, lutimesSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fakeTree } from "../../test/fixtures/fake-tree.ts";
import { clampTreeTimes } from "./tree-times.ts";

const EPOCH = 1_700_000_000;

describe("clampTreeTimes()", () => {
  it("sets what was made while building and keeps what packages brought", () => {
    using outside = fakeTree({ "/target": "" });
    using tree = fakeTree({
      "/d/new": "",
      "/d/slow-clock": "",
      "/d/old": "",
      "/d/link": { link: `${outside.root}/target` },
    });
    lutimesSync(`${tree.root}/d/slow-clock`, 1_000_000_000.25, 1_000_000_000.25);
    lutimesSync(`${tree.root}/d/old`, 1_000_000_000, 1_000_000_000);
    const before = lstatSync(`${outside.root}/target`).mtimeMs;

    clampTreeTimes(tree.root, EPOCH);

    const seconds = (file: string): number => lstatSync(`${tree.root}${file}`).mtimeMs / 1000;
    expect(["", "/d", "/d/new", "/d/slow-clock", "/d/link"].map(seconds)).toEqual(Array(5).fill(EPOCH));
    expect(seconds("/d/old")).toBe(1_000_000_000);
    expect(lstatSync(`${outside.root}/target`).mtimeMs).toBe(before);
  });

  it("has nothing left to do the second time", () => {
    using tree = fakeTree({ "/a/b": "" });
    expect(clampTreeTimes(tree.root, EPOCH)).toBe(3);
    expect(clampTreeTimes(tree.root, EPOCH)).toBe(0);
  });

  it("fails with a code when the tree is not there", () => {
    expect(() => clampTreeTimes("/no/such/tree", EPOCH)).toThrow(
      expect.objectContaining({ code: "HOST_FILE_UNWRITABLE" }),
    );
  });
});

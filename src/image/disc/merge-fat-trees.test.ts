import { describe, expect, it } from "vitest";
import type { FatNode } from "./fat-layout.ts";
import { mergeFatTrees } from "./merge-fat-trees.ts";

const file = (name: string, sizeBytes = 1): FatNode => ({
  kind: "file",
  name,
  sizeBytes,
  content: () => (async function* () {})(),
});
const directory = (name: string, ...children: FatNode[]): FatNode => ({ kind: "directory", name, children });

function shown(nodes: readonly FatNode[]): unknown[] {
  return nodes.map((node) =>
    node.kind === "file" ? [node.name, node.sizeBytes] : { [node.name]: shown(node.children) },
  );
}

describe("mergeFatTrees()", () => {
  it("keeps what only one of them has, in one order", () => {
    const first = [directory("EFI", directory("Linux", file("a.efi")))];
    const second = [directory("EFI", directory("BOOT", file("mmx64.efi"))), file("README")];
    const both = [{ EFI: [{ BOOT: [["mmx64.efi", 1]] }, { Linux: [["a.efi", 1]] }] }, ["README", 1]];
    expect(shown(mergeFatTrees(first, second))).toEqual(both);
    expect(shown(mergeFatTrees(second, first))).toEqual(both);
  });

  it("takes the first one's file, and its spelling, whatever the case of the letters is", () => {
    const ours = [directory("EFI", directory("BOOT", file("BOOTX64.EFI", 7)))];
    const shim = [directory("efi", directory("boot", file("bootx64.efi", 9)))];
    expect(shown(mergeFatTrees(ours, shim))).toEqual([{ EFI: [{ BOOT: [["BOOTX64.EFI", 7]] }] }]);
  });

  it("leaves two such names of one tree to the writer, which refuses them", () => {
    const second = [file("Foo", 1), file("foo", 2)];
    expect(shown(mergeFatTrees([], second))).toEqual([
      ["Foo", 1],
      ["foo", 2],
    ]);
  });

  it("lets no directory take the place of a file, nor the other way round", () => {
    expect(shown(mergeFatTrees([file("x", 3)], [directory("X", file("y"))]))).toEqual([["x", 3]]);
    expect(shown(mergeFatTrees([directory("X", file("y"))], [file("x", 3)]))).toEqual([{ X: [["y", 1]] }]);
  });
});

import { describe, expect, it } from "vitest";
import { renderTree, type TreeNode } from "./render-tree.ts";

function chain(length: number, end: readonly TreeNode[] = []): TreeNode {
  let node: TreeNode = { text: `n${length}`, children: end };
  for (let at = length - 1; at > 0; at -= 1) node = { text: `n${at}`, children: [node] };
  return node;
}

describe("renderTree()", () => {
  it("draws branches", () => {
    const leaf = (text: string): TreeNode => ({ text, children: [] });
    expect(
      renderTree([
        { text: "root", children: [{ text: "a", children: [leaf("x"), leaf("y")] }, leaf("b")] },
        leaf("more"),
      ]),
    ).toEqual(["root", "├─ a", "│  ├─ x", "│  └─ y", "└─ b", "more"]);
  });

  it("shows chains in full as long as little would be left out", () => {
    const lines = renderTree([{ text: "root", children: [chain(11)] }]);
    expect(lines).toHaveLength(12);
    expect(lines.join()).not.toContain("…");
  });

  it("leaves out the middle of long chains", () => {
    const lines = renderTree([{ text: "root", children: [chain(50)] }]).map((line) => line.replace(/^[ └─]+/, ""));
    expect(lines).toEqual([
      "root",
      "n1",
      "n2",
      "n3",
      "n4",
      "n5",
      "… 40 more, each because of the next",
      "n46",
      "n47",
      "n48",
      "n49",
      "n50",
    ]);
  });

  it("ends at a depth and at a number of lines", () => {
    let deep: TreeNode = { text: "end", children: [] };
    for (let at = 0; at < 40; at += 1) deep = { text: `${at}`, children: [deep, { text: "side", children: [] }] };
    expect(renderTree([deep]).join("\n")).toContain("└─ …");
    expect(renderTree([deep]).join("\n")).not.toContain("end");
    const wide: TreeNode = {
      text: "root",
      children: Array.from({ length: 100 }, (_, at) => ({ text: `${at}`, children: [] })),
    };
    expect(renderTree([wide])).toHaveLength(61);
    expect(renderTree([wide]).at(-1)).toBe("… and 41 more lines");
  });
});

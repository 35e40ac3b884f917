import { compareCodeUnits } from "../../core/index.ts";
import type { FatNode } from "./fat-layout.ts";

/**
 * Both trees in one; what both have is the first one's, but for directories, which are merged. FAT does not tell upper
 * case from lower; two such names in the same tree stay, for the writer to refuse.
 */
export function mergeFatTrees(first: readonly FatNode[], second: readonly FatNode[]): FatNode[] {
  const merged = first.map((node): FatNode => {
    if (node.kind === "file") return node;
    const below = second.flatMap((other) =>
      other.kind === "directory" && keyOf(other) === keyOf(node) ? [other.children] : [],
    );
    return { ...node, children: below.reduce((all, children) => mergeFatTrees(all, children), node.children) };
  });
  const taken = new Set(first.map(keyOf));
  const added = second.filter((node) => !taken.has(keyOf(node)));
  return [...merged, ...added].sort((a, b) => compareCodeUnits(a.name, b.name));
}

function keyOf({ name }: FatNode): string {
  return name.toUpperCase();
}

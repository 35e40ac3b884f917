import { compareCodeUnits } from "../../core/index.ts";
import type { FatNode } from "./fat-layout.ts";

/** Both trees in one; where both have a file, it is the first one's. FAT does not tell upper case from lower. */
export function mergeFatTrees(first: readonly FatNode[], second: readonly FatNode[]): FatNode[] {
  const merged = new Map(first.map((node) => [keyOf(node), node]));
  for (const node of second) {
    const own = merged.get(keyOf(node));
    if (own === undefined) merged.set(keyOf(node), node);
    else if (own.kind === "directory" && node.kind === "directory") {
      merged.set(keyOf(node), { ...own, children: mergeFatTrees(own.children, node.children) });
    }
  }
  return [...merged.values()].sort((a, b) => compareCodeUnits(a.name, b.name));
}

function keyOf({ name }: FatNode): string {
  return name.toLowerCase();
}

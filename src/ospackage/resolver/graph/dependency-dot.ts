import type { Lock } from "../../lock/lock.ts";
import { dependencyGraph, type DependencyGraphOptions, type PackageOrigin } from "./dependency-graph.ts";

/**
 * The dependency graph of the locked packages in the DOT language, nodes and edges in code unit order.
 *
 * Nodes are coloured by what brought them in: requested, kernel, essential; those that others need stay white.
 * @see https://graphviz.org/doc/info/lang.html
 */
export function dependencyDot(lock: Pick<Lock, "packages">, options: DependencyGraphOptions): string {
  const graph = dependencyGraph(lock, options);
  const nodes = graph.map(({ package: { name }, origin }) => `  ${quote(name)}${ATTRIBUTES[origin]};`);
  const edges = graph.flatMap(({ package: { name }, needs }) =>
    needs.map((need) => `  ${quote(name)} -> ${quote(need)};`),
  );
  return ["digraph G {", "  rankdir=LR;", "  node [shape=box];", ...nodes, ...edges, "}", ""].join("\n");
}

const ATTRIBUTES: Readonly<Record<PackageOrigin, string>> = {
  kernel: " [style=filled, fillcolor=lightsalmon]",
  requested: " [style=filled, fillcolor=lightgreen]",
  essential: " [style=filled, fillcolor=lightblue]",
  needed: "",
};

/** In a quoted DOT identifier only the quote itself is special; package names have none, but a lock is read from disk. */
function quote(name: string): string {
  return `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

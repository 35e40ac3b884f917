import { compareCodeUnits } from "../../core/index.ts";
import type { Lock, LockedPackage } from "../lock/lock.ts";

export interface DependencyDotOptions {
  /** True shows only what the template's requests reach, not the essential packages beside them. */
  readonly systemPackagesOnly: boolean;
}

/**
 * The dependency graph of the locked packages in the DOT language, nodes and edges in code unit order.
 *
 * Nodes are coloured by what brought them in: requested, kernel, essential; those that others need stay white.
 * @see https://graphviz.org/doc/info/lang.html
 */
export function dependencyDot(
  { packages }: Pick<Lock, "packages">,
  { systemPackagesOnly }: DependencyDotOptions,
): string {
  const shown = (systemPackagesOnly ? requestedOnly(packages) : packages).toSorted((a, b) =>
    compareCodeUnits(a.name, b.name),
  );
  const names = new Set(shown.map(({ name }) => name));
  const nodes = shown.map((node) => `  ${quote(node.name)}${attributes(node)};`);
  const edges = shown.flatMap(({ name, dependsOn }) =>
    dependsOn
      .filter((need) => names.has(need))
      .toSorted(compareCodeUnits)
      .map((need) => `  ${quote(name)} -> ${quote(need)};`),
  );
  return ["digraph G {", "  rankdir=LR;", "  node [shape=box];", ...nodes, ...edges, "}", ""].join("\n");
}

/** The requested packages and everything that they reach. */
function requestedOnly(packages: readonly LockedPackage[]): readonly LockedPackage[] {
  const byName = new Map(packages.map((node) => [node.name, node]));
  const reached = new Set(packages.filter(({ requestedAs }) => requestedAs !== undefined));
  // The set grows while it is walked.
  for (const { dependsOn } of reached) {
    for (const need of dependsOn) {
      const node = byName.get(need);
      if (node !== undefined) reached.add(node);
    }
  }
  return [...reached];
}

const COLOURS = { kernel: "lightsalmon", requested: "lightgreen", essential: "lightblue" } as const;

function attributes(node: LockedPackage): string {
  const kind = kindOf(node);
  return kind === undefined ? "" : ` [style=filled, fillcolor=${COLOURS[kind]}]`;
}

function kindOf({ name, requestedAs, essential, priority }: LockedPackage): keyof typeof COLOURS | undefined {
  if (/^(?:linux-image-|kernel(?:-|$))/.test(name)) return "kernel";
  if (requestedAs !== undefined) return "requested";
  return essential || priority === "required" ? "essential" : undefined;
}

/** In a quoted DOT identifier only the quote itself is special; package names have none, but a lock is read from disk. */
function quote(name: string): string {
  return `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

import { compareCodeUnits } from "../../../core/index.ts";
import type { Lock, LockedPackage } from "../../lock/lock.ts";

export interface DependencyGraphOptions {
  /** True shows only what the template's requests reach, not the essential packages beside them. */
  readonly systemPackagesOnly: boolean;
}

/** What brought a package in; `needed` are those that only others need. */
export type PackageOrigin = "kernel" | "requested" | "essential" | "needed";

export interface GraphNode {
  readonly package: LockedPackage;
  readonly origin: PackageOrigin;
  /** Names of nodes, in code unit order. */
  readonly needs: readonly string[];
}

/** The locked packages that a graph shows, in code unit order, and what they need of each other. */
export function dependencyGraph(
  { packages }: Pick<Lock, "packages">,
  { systemPackagesOnly }: DependencyGraphOptions,
): readonly GraphNode[] {
  const shown = (systemPackagesOnly ? requestedOnly(packages) : packages).toSorted((a, b) =>
    compareCodeUnits(a.name, b.name),
  );
  const names = new Set(shown.map(({ name }) => name));
  return shown.map((locked) => ({
    package: locked,
    origin: originOf(locked),
    needs: locked.dependsOn.filter((need) => names.has(need)).toSorted(compareCodeUnits),
  }));
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

function originOf({ name, requestedAs, essential, priority }: LockedPackage): PackageOrigin {
  if (/^(?:linux-image-|kernel(?:-|$))/.test(name)) return "kernel";
  if (requestedAs !== undefined) return "requested";
  return essential || priority === "required" ? "essential" : "needed";
}

import { compareCodeUnits } from "../../core/index.ts";
import { type DebPackage, parseProvides, parseRelations } from "../deb/index.ts";
import { formatRelation } from "../resolver/deb-relation.ts";
import type { ResolvedPackage } from "../resolver/resolve-deb.ts";

/** Stands for what every Debian system has. */
const OF_EVERY_SYSTEM = "every system has it";

/**
 * What brought in each package that nobody asked for, on a shortest way from what was asked for; the same for the same set.
 *
 * @returns by name, for example `openssh-server: libwrap0 (>= 7.6)`
 */
export function reasonsOf(packages: readonly ResolvedPackage[]): ReadonlyMap<string, string> {
  const byName = new Map(packages.map((resolved) => [resolved.package.name, resolved] as const));
  const inOrder = packages.toSorted((a, b) => compareCodeUnits(a.package.name, b.package.name));
  const asked = inOrder.filter(({ requestedAs }) => requestedAs !== undefined);
  const ofSystem = inOrder.filter(({ package: { essential, priority } }) => essential || priority === "required");
  const reasons = new Map<string, string>();
  const reached = new Set(asked);
  for (const resolved of ofSystem) {
    if (reached.has(resolved)) continue;
    reached.add(resolved);
    reasons.set(resolved.package.name, OF_EVERY_SYSTEM);
  }
  // The set grows while it is walked.
  for (const { package: dependent, dependsOn, preDependsOn } of reached) {
    for (const name of [...new Set([...preDependsOn, ...dependsOn])].sort(compareCodeUnits)) {
      const needed = byName.get(name);
      if (needed === undefined || reached.has(needed)) continue;
      reached.add(needed);
      reasons.set(name, `${dependent.name}: ${relationOn(dependent, needed.package)}`);
    }
  }
  return reasons;
}

/** The first relation of a package that another one fills, by its name or by what it provides. */
function relationOn(dependent: DebPackage, needed: DebPackage): string {
  const names = new Set([needed.name, ...parseProvides(needed.provides).map(({ name }) => name)]);
  const relations = [...parseRelations(dependent.preDepends), ...parseRelations(dependent.depends)];
  const found = relations.find((alternatives) => alternatives.some(({ name }) => names.has(name)));
  return found === undefined ? needed.name : found.map(formatRelation).join(" | ");
}

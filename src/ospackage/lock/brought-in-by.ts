import { compareCodeUnits } from "../../core/index.ts";
import type { Resolution } from "../resolver/resolve.ts";

/** Stands for what every Debian system has. */
const OF_EVERY_SYSTEM = "every system has it";

/**
 * What brought in each package that nobody asked for, on a shortest way from what was asked for; the same for the same set.
 *
 * @returns by name, for example `openssh-server: libwrap0 (>= 7.6)`
 */
export function reasonsOf({ packages, edges }: Resolution): ReadonlyMap<string, string> {
  const needs = new Map(edges.toReversed().map(({ from, to, requirement }) => [`${from} ${to}`, requirement]));
  const byName = new Map(packages.map((resolved) => [resolved.package.name, resolved] as const));
  const inOrder = packages.toSorted((a, b) => compareCodeUnits(a.package.name, b.package.name));
  const asked = inOrder.filter(({ requestedAs }) => requestedAs !== undefined);
  const ofSystem = inOrder.filter(
    ({ package: { essential, priority } }) => essential === true || priority === "required",
  );
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
      reasons.set(name, `${dependent.name}: ${needs.get(`${dependent.name} ${name}`) ?? name}`);
    }
  }
  return reasons;
}

import { compareCodeUnits } from "../../core/index.ts";
import { compareDebVersions } from "../deb/index.ts";
import type { Lock, LockedPackage } from "./lock.ts";

export type PackageChangeKind = "upgrade" | "downgrade" | "add" | "remove" | "rebuild";

/** A package that two locks don't have alike; `rebuild` is another file of the same version. */
export interface PackageChange {
  readonly kind: PackageChangeKind;
  readonly name: string;
  /** The version in the first lock; absent when it has none. */
  readonly from?: string;
  readonly to?: string;
}

/** What makes the image, and what makes the tool root, of two locks; in code unit order of names. */
export interface LockChanges {
  readonly packages: readonly PackageChange[];
  readonly toolPackages: readonly PackageChange[];
}

/** The packages that differ between two locks. */
export function compareLocks(
  before: Pick<Lock, "packages" | "toolPackages">,
  after: Pick<Lock, "packages" | "toolPackages">,
): LockChanges {
  return {
    packages: comparePackages(before.packages, after.packages),
    toolPackages: comparePackages(before.toolPackages, after.toolPackages),
  };
}

/** Changes as lines for people; none when there are none. */
export function formatLockChanges({ packages, toolPackages }: LockChanges): readonly string[] {
  return [
    ...packages.map(formatChange),
    ...(toolPackages.length === 0 ? [] : ["In the tool root:", ...toolPackages.map(formatChange)]),
  ];
}

/** Changes counted, for example `2 upgrades, 1 removed; 1 upgrade in the tool root`. */
export function summarizeLockChanges({ packages, toolPackages }: LockChanges): string {
  const parts = [
    ...(packages.length === 0 ? [] : [countKinds(packages)]),
    ...(toolPackages.length === 0 ? [] : [`${countKinds(toolPackages)} in the tool root`]),
  ];
  return parts.length === 0 ? "no changes" : parts.join("; ");
}

function comparePackages(before: readonly LockedPackage[], after: readonly LockedPackage[]): readonly PackageChange[] {
  const old = new Map(before.map((locked) => [locked.name, locked] as const));
  const current = new Map(after.map((locked) => [locked.name, locked] as const));
  return [...new Set([...old.keys(), ...current.keys()])]
    .sort(compareCodeUnits)
    .flatMap((name) => comparePackage(name, old.get(name), current.get(name)));
}

function comparePackage(
  name: string,
  before: LockedPackage | undefined,
  after: LockedPackage | undefined,
): readonly PackageChange[] {
  if (before === undefined) return after === undefined ? [] : [{ kind: "add", name, to: after.version }];
  if (after === undefined) return [{ kind: "remove", name, from: before.version }];
  if (before.sha256 === after.sha256) return [];
  const order = compareDebVersions(after.version, before.version);
  const kind = order > 0 ? "upgrade" : order < 0 ? "downgrade" : "rebuild";
  return [{ kind, name, from: before.version, to: after.version }];
}

const KINDS: Readonly<Record<PackageChangeKind, readonly [one: string, many: string]>> = {
  upgrade: ["upgrade", "upgrades"],
  downgrade: ["downgrade", "downgrades"],
  add: ["added", "added"],
  remove: ["removed", "removed"],
  rebuild: ["rebuilt", "rebuilt"],
};

function countKinds(changes: readonly PackageChange[]): string {
  return Object.entries(KINDS)
    .map(([kind, words]) => [changes.filter((change) => change.kind === kind).length, words] as const)
    .filter(([count]) => count > 0)
    .map(([count, [one, many]]) => `${count} ${count === 1 ? one : many}`)
    .join(", ");
}

function formatChange({ kind, name, from = "", to = "" }: PackageChange): string {
  switch (kind) {
    case "add":
      return `added ${name} ${to}`;
    case "remove":
      return `removed ${name} ${from}`;
    case "rebuild":
      return `rebuilt ${name} ${to}: another file of the same version`;
    default:
      return `${kind}d ${name} ${from} to ${to}`;
  }
}

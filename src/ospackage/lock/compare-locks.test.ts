import { restrictDebIndex } from "../deb/index.ts";
import { describe, expect, it } from "vitest";
import { resolveDeb } from "../resolver/resolve-deb.ts";
import { type ToyPackage, toyRepository } from "../resolver/toy-repository.ts";
import { compareLocks, formatLockChanges, summarizeLockChanges } from "./compare-locks.ts";
import { createLock } from "./create-lock.ts";
import type { Lock } from "./lock.ts";
import {
  type LockPreference,
  preferLocked,
  preferLockedKernels,
  requireLocked,
  withTemplateWords,
} from "./prefer-locked.ts";

function lockOf(packages: readonly ToyPackage[], requests: readonly string[], preference?: LockPreference): Lock {
  const indexes = [toyRepository(packages)];
  const repositories = preference === undefined ? indexes : preferLocked(indexes, preference, restrictDebIndex);
  const resolution = resolveDeb({
    repositories,
    architecture: "amd64",
    requests: requests.map((text) => ({ text, origin: "test" })),
    includeEssential: true,
  });
  return createLock({ providerId: "toy", repositories: indexes, resolution, toolResolution: resolution });
}
const versionsIn = ({ packages }: Lock): string[] => packages.map(({ name, version }) => `${name} ${version}`).sort();

const OLD: ToyPackage[] = [["web 1", { depends: "lib" }], ["lib 1:1"], ["gone 1"], ["same 1"], ["rebuilt 1"]];
const NEW: ToyPackage[] = [
  ["web 2", { depends: "lib" }],
  ["lib 1:0.9"],
  ["fresh 1"],
  ["same 1"],
  ["rebuilt 1", { sha256: "0".repeat(64) as never }],
];

describe("compareLocks()", () => {
  const before = lockOf(OLD, ["web", "gone", "same", "rebuilt"]);
  const after = lockOf(NEW, ["web", "fresh", "same", "rebuilt"]);
  const changes = compareLocks(before, { ...after, toolPackages: before.toolPackages });

  it("tells upgrades, downgrades, added, removed and rebuilt packages apart", () => {
    expect(formatLockChanges(changes)).toEqual([
      "added fresh 1",
      "removed gone 1",
      "downgraded lib 1:1 to 1:0.9",
      "rebuilt rebuilt 1: another file of the same version",
      "upgraded web 1 to 2",
    ]);
    expect(summarizeLockChanges(changes)).toBe("1 upgrade, 1 downgrade, 1 added, 1 removed, 1 rebuilt");
  });

  it("has the tool root apart, and nothing for equal locks", () => {
    const { toolPackages } = compareLocks(before, after);
    expect(formatLockChanges({ packages: [], toolPackages: toolPackages.slice(0, 1) })).toEqual([
      "In the tool root:",
      "added fresh 1",
    ]);
    expect(summarizeLockChanges({ packages: [], toolPackages })).toMatch(/1 rebuilt in the tool root$/);
    expect(compareLocks(before, before)).toEqual({ packages: [], toolPackages: [] });
    expect(summarizeLockChanges(compareLocks(after, after))).toBe("no changes");
  });
});

describe("preferLocked()", () => {
  const both: ToyPackage[] = [
    ["web 1", { depends: "lib (>= 1)" }],
    ["web 2", { depends: "lib (>= 1)" }],
    ["web 3", { depends: "lib (>= 2)" }],
    ["lib 1"],
    ["lib 2"],
    ["base 1", { essential: true }],
    ["base 2", { essential: true }],
  ];
  const old: ToyPackage[] = [["web 1", { depends: "lib (>= 1)" }], ["lib 1"], ["base 1", { essential: true }]];
  const lock = lockOf(old, ["web"]);

  it("keeps every locked version that is still offered", () => {
    expect(versionsIn(lockOf(both, ["web"]))).toEqual(["base 2", "lib 2", "web 3"]);
    expect(versionsIn(lockOf(both, ["web"], { lock, update: [] }))).toEqual(["base 1", "lib 1", "web 1"]);
  });

  it("updates what is named, by name or glob, and what that cannot do without", () => {
    expect(versionsIn(lockOf(both, ["web"], { lock, update: ["b?se"] }))).toEqual(["base 2", "lib 1", "web 1"]);
    expect(versionsIn(lockOf(both, ["web"], { lock, update: ["web"] }))).toEqual(["base 1", "lib 2", "web 3"]);
    expect(versionsIn(lockOf(both, ["web=2"], { lock, update: [] }))).toEqual(["base 1", "lib 1", "web 2"]);
  });

  it("takes the newest of what is new or offered no longer", () => {
    const fresh = both.filter(([name]) => name !== "lib 1");
    expect(versionsIn(lockOf([...fresh, ["vim 1"], ["vim 2"]], ["web", "vim"], { lock, update: [] }))).toEqual([
      "base 1",
      "lib 2",
      "vim 2",
      "web 1",
    ]);
  });

  it("keeps the kernel that a glob stands for, although one with a newer version in its name came", () => {
    const kernels: ToyPackage[] = [["linux-image-amd64 6.12.1"], ["linux-image-6.12.1-amd64 6.12.1"]];
    const newer: ToyPackage[] = [...kernels, ["linux-image-amd64 6.12.2"], ["linux-image-6.12.2-amd64 6.12.2"]];
    const requests = [{ text: "linux-image-*", origin: "test" }];
    const locked = lockOf(kernels, ["linux-image-*"]);
    const choose = (update: readonly string[]) => {
      const preference = { lock: locked, update };
      const indexes = [toyRepository(newer)];
      const asked = preferLockedKernels(requests, indexes, preference);
      const repositories = preferLocked(indexes, preference, restrictDebIndex);
      const resolution = resolveDeb({ repositories, architecture: "amd64", requests: asked, includeEssential: false });
      return withTemplateWords(resolution, asked, requests).packages.map(
        ({ package: { name, version }, requestedAs }) => `${name} ${version} for ${requestedAs ?? ""}`,
      );
    };
    expect(choose([])).toEqual(["linux-image-amd64 6.12.1 for linux-image-*"]);
    expect(choose(["linux-image-*"])).toEqual(["linux-image-amd64 6.12.2 for linux-image-*"]);
  });

  it("names repositories as they are", () => {
    const kept = lockOf(both, ["web"], { lock, update: [] });
    expect(kept.repositories).toHaveLength(1);
    expect(kept.repositories[0]).toMatchObject({ id: "toy/stable", priority: 500 });
    expect(new Set(kept.packages.map(({ repository }) => repository))).toEqual(new Set(["toy/stable"]));
  });
});

describe("requireLocked()", () => {
  const lock = lockOf(OLD, ["web"]);
  it("refuses names that stand for nothing", () => {
    expect(() => requireLocked(lock, ["web", "l*"])).not.toThrow();
    expect(() => requireLocked(lock, ["wbe"])).toThrow(
      expect.objectContaining({ code: "USAGE", hint: 'Did you mean "web"?' }),
    );
    expect(() => requireLocked(lock, ["zzz*"])).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

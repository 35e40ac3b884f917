import type { IndexedPackage } from "../indexed-package.ts";
import type { DebIndex, DebPackage } from "./deb-index.ts";

/** An index of only the packages that a test lets pass. */
export function restrictDebIndex(index: DebIndex, isWanted: (candidate: IndexedPackage) => boolean): DebIndex {
  const byName = (name: string): readonly DebPackage[] => index.byName(name).filter(isWanted);
  return {
    packageCount: index.packageCount,
    names: () => [...index.names()].filter((name) => byName(name).length > 0),
    byName,
    providersOf: (name) => index.providersOf(name).filter(isWanted),
    essential: () => index.essential().filter(isWanted),
    required: () => index.required().filter(isWanted),
  };
}

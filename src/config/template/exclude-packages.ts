import { globMatcher } from "../../core/index.ts";

/** `name=1.2`, `name>=1.2` and Debian's `name_1.2`. */
const NAME = /^[^\s<>=_]+/;

/** The package name in an entry of `packages`; a version behind a hyphen can't be told from the name and stays. */
export function packageNameOf(entry: string): string {
  return NAME.exec(entry)?.[0] ?? entry;
}

/** A test for the entries of `packages` that entries of `excludePackages`, names or globs, keep out. */
export function exclusionTest(exclusions: readonly string[]): (entry: string) => boolean {
  const names = new Set(exclusions);
  const matchers = exclusions.map(globMatcher);
  return (entry) => names.has(entry) || matchers.some((matches) => matches(packageNameOf(entry)));
}

/** Whether one exclusion keeps an entry out. */
export function excludes(exclusion: string, entry: string): boolean {
  return exclusionTest([exclusion])(entry);
}

import { globToRegExp } from "../../core/index.ts";

/** `name=1.2`, `name>=1.2` and Debian's `name_1.2`. */
const NAME = /^[^\s<>=_]+/;

/** The package name in an entry of `packages`; a version behind a hyphen can't be told from the name and stays. */
export function packageNameOf(entry: string): string {
  return NAME.exec(entry)?.[0] ?? entry;
}

/** Whether an entry of `excludePackages`, a name or a glob, keeps an entry of `packages` out. */
export function excludes(exclusion: string, entry: string): boolean {
  return globToRegExp(exclusion).test(packageNameOf(entry)) || exclusion === entry;
}

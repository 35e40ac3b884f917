import type { PackageFilesSection } from "../../config/index.ts";

/** A file that is in a tree before packages are installed, and stays. */
export interface SelectionFile {
  /** In the tree. */
  readonly path: string;
  readonly text: string;
}

/** Has rpm install only some files of packages. @see rpm-config(5), "_excludedocs", "_install_langs" */
export function rpmSelection({ documentation = true, locales }: PackageFilesSection): SelectionFile | undefined {
  const lines = [
    ...(documentation ? [] : ["%_excludedocs 1"]),
    // A name that no translation has stands for none: an empty list would stand for all.
    ...(locales === undefined ? [] : [`%_install_langs ${locales.length === 0 ? "C" : locales.join(":")}`]),
  ];
  return selectionFile("/etc/rpm/macros.image", lines);
}

/** Has dpkg install only some files of packages; the last line that fits a path counts. @see dpkg(1), "path-exclude" */
export function dpkgSelection({ documentation = true, locales }: PackageFilesSection): SelectionFile | undefined {
  const lines = [...(locales === undefined ? [] : localeRules(locales)), ...(documentation ? [] : DOCUMENTATION_RULES)];
  return selectionFile("/etc/dpkg/dpkg.cfg.d/90-image", lines);
}

const DOCUMENTATION_RULES = [
  ...["doc/*", "man/*", "info/*", "groff/*", "lintian/*"].map((glob) => `path-exclude=/usr/share/${glob}`),
  "path-include=/usr/share/doc/*/copyright",
];

function localeRules(locales: readonly string[]): readonly string[] {
  return [
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    // Manuals in English are in directories of sections, such as man1.
    ...["??", "???", "??_*", "??@*", "??.*"].map((language) => `path-exclude=/usr/share/man/${language}/*`),
    ...withBases(locales).flatMap((locale) =>
      [locale, `${locale}_*`, `${locale}@*`, `${locale}.*`].flatMap((language) =>
        ["locale", "man"].map((directory) => `path-include=/usr/share/${directory}/${language}/*`),
      ),
    ),
  ];
}

/** `pt_BR` falls back to `pt`. */
function withBases(locales: readonly string[]): readonly string[] {
  return [...new Set(locales.flatMap((locale) => [locale, locale.replace(/_.*/, "")]))];
}

/** Undefined when everything is installed. */
function selectionFile(path: string, lines: readonly string[]): SelectionFile | undefined {
  if (lines.length === 0) return undefined;
  return { path, text: ["# Which files of packages are installed.", ...lines, ""].join("\n") };
}

import type { PackageFilesSection } from "../../config/index.ts";

/** A file that is in a tree before packages are installed, and stays. */
export interface SelectionFile {
  /** In the tree. */
  readonly path: string;
  readonly text: string;
}

/** Has rpm install only some files of packages. @see rpm-config(5), "_excludedocs", "_install_langs" */
export function rpmSelection({ documentation = true, locales }: PackageFilesSection): SelectionFile {
  const lines = [
    ...(documentation ? [] : ["%_excludedocs 1"]),
    // A name that no translation has stands for none: an empty list would stand for all.
    ...(locales === undefined ? [] : [`%_install_langs ${locales.length === 0 ? "C" : locales.join(":")}`]),
  ];
  return { path: "/etc/rpm/macros.image", text: asText(lines) };
}

/** Has dpkg install only some files of packages; the last line that fits a path counts. @see dpkg(1), "path-exclude" */
export function dpkgSelection({ documentation = true, locales }: PackageFilesSection): SelectionFile {
  const lines = [...(locales === undefined ? [] : localeRules(locales)), ...(documentation ? [] : DOCUMENTATION_RULES)];
  return { path: "/etc/dpkg/dpkg.cfg.d/90-image", text: asText(lines) };
}

const DOCUMENTATION_RULES = [
  ...["doc/*", "man/*", "info/*", "groff/*", "lintian/*"].map((glob) => `path-exclude=/usr/share/${glob}`),
  "path-include=/usr/share/doc/*/copyright",
  // Packages of one source share it by a link.
  "path-include=/usr/share/common-licenses/*",
];

function localeRules(locales: readonly string[]): readonly string[] {
  return [
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    // Manuals in English are in directories of sections, such as man1.
    ...["??", "???", "??_*", "??@*", "??.*"].map((language) => `path-exclude=/usr/share/man/${language}/*`),
    ...locales.flatMap((locale) =>
      [locale, `${locale}_*`, `${locale}@*`, `${locale}.*`].flatMap((language) =>
        ["locale", "man"].map((directory) => `path-include=/usr/share/${directory}/${language}/*`),
      ),
    ),
  ];
}

function asText(lines: readonly string[]): string {
  return ["# Which files of packages are installed.", ...lines, ""].join("\n");
}

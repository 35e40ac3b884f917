import type { DocumentPath, Finding } from "../../document/index.ts";
import type { ImageTemplate } from "../schema/index.ts";

const LISTED_ABOVE = "the same repository is already listed above";

/** What one file says twice. Between files it is no mistake: the later one wins. */
export function checkRepetitions({
  systemConfig = {},
  packageRepositories = [],
  repositories = [],
}: ImageTemplate): Finding[] {
  const {
    users = [],
    groups = [],
    additionalFiles = [],
    packages = [],
    excludePackages = [],
    kernel = {},
  } = systemConfig;
  return [
    ...repeated(users.map(({ name }) => name)).map(([index, name]) => ({
      path: ["systemConfig", "users", index, "name"],
      message: `user "${name}" is already described above`,
    })),
    ...repeated(groups.map(({ name }) => name)).map(([index, name]) => ({
      path: ["systemConfig", "groups", index, "name"],
      message: `group "${name}" is already described above`,
    })),
    ...repeated(additionalFiles.map(({ final }) => final)).map(([index, final]) => ({
      path: ["systemConfig", "additionalFiles", index, "final"],
      message: `${JSON.stringify(final)} already comes from a file above`,
    })),
    ...listedTwice(packages, ["systemConfig", "packages"]),
    ...listedTwice(excludePackages, ["systemConfig", "excludePackages"]),
    ...listedTwice(kernel.packages ?? [], ["systemConfig", "kernel", "packages"]),
    ...repeated(
      packageRepositories.map(({ codename, url, path, packages: files, component }) =>
        JSON.stringify([codename, url, path, files, component]),
      ),
    ).map(([index]) => ({ path: ["packageRepositories", index], message: LISTED_ABOVE })),
    ...repeated(repositories.map(({ baseurl }) => baseurl)).map(([index]) => ({
      path: ["repositories", index],
      message: LISTED_ABOVE,
    })),
  ];
}

function listedTwice(entries: readonly string[], path: DocumentPath): Finding[] {
  return repeated(entries).map(([index, entry]) => ({
    path: [...path, index],
    message: `${JSON.stringify(entry)} is already listed above`,
  }));
}

/** Every text that stands in the list before, with its index. */
function repeated(texts: readonly string[]): [index: number, text: string][] {
  const seen = new Set<string>();
  return texts.flatMap((text, index): [number, string][] => {
    if (seen.has(text)) return [[index, text]];
    seen.add(text);
    return [];
  });
}

import path from "node:path";
import type { Host } from "../../host/index.ts";

/** An entry of a package, as far as a filter looks at it. */
export interface FilteredEntry {
  /** As archives have it: `./usr/bin/x`. */
  readonly name: string;
  readonly type: string;
}

interface Rule {
  readonly include: boolean;
  readonly pattern: RegExp;
  /** The pattern up to its first wildcard, without slashes at the end. */
  readonly literal: string;
}

const CONFIG_DIRECTORY = "etc/dpkg/dpkg.cfg.d";
const CONFIG_FILE = "etc/dpkg/dpkg.cfg";

/**
 * What the tree's own dpkg would leave out of packages: files that are in the tree before dpkg is.
 *
 * @returns tells whether an entry goes in; undefined when everything does
 * @see dpkg(1), "path-exclude"
 */
export async function readPathFilter(
  host: Pick<Host, "files">,
  root: string,
): Promise<((entry: FilteredEntry) => boolean) | undefined> {
  const names = (await host.files.list(path.join(root, CONFIG_DIRECTORY))).filter((name) =>
    /^[A-Za-z0-9_-]+$/.test(name),
  );
  const files = [...names.map((name) => `${CONFIG_DIRECTORY}/${name}`), CONFIG_FILE];
  const rules: Rule[] = [];
  for (const file of files) {
    const place = path.join(root, file);
    if ((await host.files.stat(place))?.kind === "file") rules.push(...parseRules(await host.files.readText(place)));
  }
  return rules.length === 0 ? undefined : (entry) => isIncluded(rules, entry);
}

function parseRules(text: string): Rule[] {
  return text.split("\n").flatMap((line): Rule[] => {
    const [, option, glob = ""] = /^\s*path-(include|exclude)(?:\s*=\s*|\s+)["']?(.*?)["']?\s*$/.exec(line) ?? [];
    if (option === undefined) return [];
    const literal = /^[^*?[\\]*/.exec(glob)?.[0] ?? "";
    return [{ include: option === "include", pattern: globPattern(glob), literal: literal.replace(/\/+$/, "") }];
  });
}

/** The last rule that matches wins; directories stay that a rule may bring something back into. */
function isIncluded(rules: readonly Rule[], { name, type }: FilteredEntry): boolean {
  const file = path.posix.join("/", name).replace(/(.)\/$/, "$1");
  if (rules.findLast(({ pattern }) => pattern.test(file))?.include !== false) return true;
  if (type !== "directory" && type !== "symlink") return false;
  return rules.some(({ include, literal }) => include && (file.startsWith(literal) || literal.startsWith(`${file}/`)));
}

/** fnmatch(3) without flags: wildcards match slashes, too. */
function globPattern(glob: string): RegExp {
  const source = glob.replaceAll(/\[!?\]?[^\]]*\]|\\.|[\s\S]/g, (part) => {
    if (part === "*") return "[^]*";
    if (part === "?") return "[^]";
    if (part.length > 1 && part.startsWith("[")) {
      const negated = part.startsWith("[!");
      const members = part.slice(negated ? 2 : 1, -1).replaceAll(/[\\\]^[]/g, "\\$&");
      return `[${negated ? "^" : ""}${members}]`;
    }
    return (part.startsWith("\\") && part.length > 1 ? part.slice(1) : part).replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  });
  return new RegExp(`^${source}$`);
}

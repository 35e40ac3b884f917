import type { ImageTree } from "./image-tree.ts";
import { type TreeChange, removal } from "./tree-change.ts";

/** Where the names of what a build leaves behind match; directories themselves stay. */
const RESIDUE: readonly (readonly [directory: string, names: RegExp])[] = [
  ["/etc", /^(passwd|shadow|group|gshadow|subuid|subgid)-$|^\.pwd\.lock$/],
  ["/etc/apt", /^sources\.list~$/],
  ["/root", /^\.(bash_history|lesshst|viminfo|wget-hsts)$/],
  ["/run", /^/],
  ["/tmp", /^/],
  ["/usr/sbin", /^policy-rc\.d$/],
  ["/var/cache/apt", /^(src)?pkgcache\.bin$/],
  ["/var/cache/apt/archives", /\.deb$|^lock$/],
  ["/var/cache/debconf", /-old$/],
  ["/var/cache/dnf", /^/],
  ["/var/cache/ldconfig", /^aux-cache$/],
  ["/var/cache/man", /^/],
  ["/var/cache/tdnf", /^/],
  ["/var/cache/yum", /^/],
  ["/var/lib/apt/lists", /^/],
  ["/var/lib/dpkg", /-old$|^lock(-frontend)?$/],
  ["/var/lib/dpkg/triggers", /^Lock$/],
  ["/var/lib/systemd", /^(random-seed|credential\.secret)$/],
  ["/var/lib/ucf", /\.[0-9]+$/],
  ["/var/log", /\.log$/],
  ["/var/log/apt", /^/],
  ["/var/log/dnf", /^/],
  ["/var/log/journal", /^/],
  ["/var/tmp", /^/],
];

/** The changes that remove what building left in a tree: logs, caches, backups, locks and secrets. */
export async function planClean(tree: ImageTree): Promise<TreeChange[]> {
  const changes: TreeChange[] = [];
  for (const [directory, names] of RESIDUE) {
    for (const name of await tree.list(directory)) {
      if (names.test(name)) changes.push(removal(`${directory}/${name}`));
    }
  }
  return changes;
}

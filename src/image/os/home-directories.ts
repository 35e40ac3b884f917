import { ComposerError } from "../../core/index.ts";
import type { PlannedUser } from "./accounts.ts";
import type { ImageTree } from "./image-tree.ts";
import type { TreeChange } from "./tree-change.ts";

const SKELETON = "/etc/skel";

/**
 * The changes that make home directories (copies of /etc/skel) and `~/.ssh/authorized_keys`.
 *
 * A home that is there keeps its files. System directories that are nobody's home are refused as homes.
 *
 * @throws {TEMPLATE_INVALID} a home is a directory of the system, or a key has a line break in it
 */
export async function planHomes(
  tree: ImageTree,
  users: readonly PlannedUser[],
  homeMode: number,
): Promise<TreeChange[]> {
  const changes: TreeChange[] = [];
  for (const user of users) {
    const { entry, created, section } = user;
    const wantsHome = created || section.home !== undefined;
    if (wantsHome) changes.push(...(await planHome(tree, user, homeMode)));
    const keys = section.sshAuthorizedKeys ?? [];
    if (keys.length === 0) continue;
    const owner = { uid: entry.uid, gid: entry.gid };
    const directory = `${entry.home}/.ssh`;
    changes.push(
      { kind: "directory", path: directory, mode: 0o700, ...owner },
      { kind: "write", path: `${directory}/authorized_keys`, content: keyLines(user), mode: 0o600, ...owner },
    );
  }
  return changes;
}

async function planHome(tree: ImageTree, { entry, templatePath }: PlannedUser, homeMode: number) {
  const owner = { uid: entry.uid, gid: entry.gid };
  const stat = await tree.target(entry.home);
  if (stat !== undefined && (stat.kind !== "directory" || isSystemDirectory(entry.home))) {
    const state = stat.kind === "directory" ? "it is a directory of the system" : "it is no directory";
    throw new ComposerError("TEMPLATE_INVALID", `Cannot use "${entry.home}" as the home of "${entry.name}": ${state}`, {
      details: [`named at ${templatePath}.home`],
    });
  }
  const changes: TreeChange[] = [{ kind: "directory", path: entry.home, mode: homeMode, ...owner }];
  for (const relative of await entriesBelow(tree, SKELETON)) {
    const [from, to] = [`${SKELETON}/${relative}`, `${entry.home}/${relative}`];
    if ((await tree.stat(to)) !== undefined) continue;
    const source = await tree.stat(from);
    const place = await tree.locate(from);
    const target = source?.kind === "symlink" ? await tree.readLink(from) : undefined;
    if (source === undefined || place === undefined) continue;
    if (target !== undefined) changes.push({ kind: "symlink", path: to, target, ...owner });
    else if (source.kind === "directory") changes.push({ kind: "directory", path: to, mode: source.mode, ...owner });
    else if (source.kind === "file") changes.push({ kind: "copy", path: to, from: place, mode: source.mode, ...owner });
  }
  return changes;
}

/** Paths relative to `directory`, parents first. */
async function entriesBelow(tree: ImageTree, directory: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for (const name of await tree.list(`${directory}/${prefix}`)) {
    found.push(`${prefix}${name}`);
    const stat = await tree.stat(`${directory}/${prefix}${name}`);
    if (stat?.kind === "directory") found.push(...(await entriesBelow(tree, directory, `${prefix}${name}/`)));
  }
  return found;
}

/** Taking such a directory away from root would open or break the system. */
function isSystemDirectory(path: string): boolean {
  const parts = path.split("/").filter((part) => part !== "");
  const systemTops = ["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "tmp", "usr"];
  return parts.length === 0 || (parts[0] !== "root" && parts.length === 1) || systemTops.includes(parts[0] ?? "");
}

function keyLines({ section, templatePath }: PlannedUser): string {
  return (section.sshAuthorizedKeys ?? [])
    .map((key, index) => {
      const line = key.trim();
      // A second line would be a second key that nobody sees in the template.
      if (line !== "" && !/[\0\r\n]/.test(line)) return `${line}\n`;
      const state = line === "" ? "it is empty" : "it has a line break in it";
      throw new ComposerError("TEMPLATE_INVALID", `Cannot authorize a key for "${section.name}": ${state}`, {
        hint: "Give every public key as one entry, as in a file id_ed25519.pub",
        details: [`named at ${templatePath}.sshAuthorizedKeys[${index}]`],
      });
    })
    .join("");
}

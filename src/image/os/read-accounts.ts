import {
  formatGroup,
  formatGshadow,
  formatPasswd,
  formatShadow,
  formatSubIds,
  parseGroup,
  parseGshadow,
  parsePasswd,
  parseShadow,
  parseSubIds,
} from "./account-files.ts";
import type { Accounts } from "./accounts-draft.ts";
import type { ImageTree } from "./image-tree.ts";
import { type Attributes, type TreeChange, removal } from "./tree-change.ts";

/** The user database of a tree; a missing file is an empty one. */
export async function readAccounts(tree: ImageTree): Promise<Accounts> {
  const text = async (file: string): Promise<string> => (await tree.readText(file)) ?? "";
  const subUids = await tree.readText("/etc/subuid");
  const subGids = await tree.readText("/etc/subgid");
  return {
    passwd: parsePasswd(await text("/etc/passwd")),
    shadow: parseShadow(await text("/etc/shadow")),
    group: parseGroup(await text("/etc/group")),
    gshadow: parseGshadow(await text("/etc/gshadow")),
    ...(subUids === undefined ? {} : { subUids: parseSubIds("/etc/subuid", subUids) }),
    ...(subGids === undefined ? {} : { subGids: parseSubIds("/etc/subgid", subGids) }),
  };
}

/** The changes that write a user database; owner and mode of files that are there stay, backups go. */
export async function planAccountFiles(tree: ImageTree, accounts: Accounts): Promise<TreeChange[]> {
  const shadowGid = accounts.group.find(({ name }) => name === "shadow")?.gid;
  // Only a program of the group "shadow" reads it where there is such a group; root needs no permission.
  const secret = shadowGid === undefined ? { mode: 0o400, uid: 0, gid: 0 } : { mode: 0o640, uid: 0, gid: shadowGid };
  const open = { mode: 0o644, uid: 0, gid: 0 };
  const files: readonly (readonly [path: string, content: string, attributes: Attributes])[] = [
    ["/etc/passwd", formatPasswd(accounts.passwd), open],
    ["/etc/shadow", formatShadow(accounts.shadow), secret],
    ["/etc/group", formatGroup(accounts.group), open],
    ["/etc/gshadow", formatGshadow(accounts.gshadow), secret],
    ...(accounts.subUids === undefined ? [] : [["/etc/subuid", formatSubIds(accounts.subUids), open] as const]),
    ...(accounts.subGids === undefined ? [] : [["/etc/subgid", formatSubIds(accounts.subGids), open] as const]),
  ];
  const changes: TreeChange[] = [];
  for (const [path, content, attributes] of files) {
    const stat = await tree.target(path);
    const { mode, uid, gid } = stat?.kind === "file" ? stat : attributes;
    changes.push({ kind: "write", path, content, mode, uid, gid }, removal(`${path}-`));
  }
  return changes;
}

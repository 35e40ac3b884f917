import type { Accounts } from "./accounts-draft.ts";
import { ADMINISTRATOR_GROUPS, type PlannedUser } from "./accounts.ts";
import type { ImageTree } from "./image-tree.ts";
import { type TreeChange, rootDirectory, rootFile } from "./tree-change.ts";

const RULES_FILE = "/etc/sudoers.d/90-os-image-composer";

export interface SudoPlan {
  readonly changes: readonly TreeChange[];
  readonly warnings: readonly string[];
}

/**
 * Plans what lets the users with `sudo` use it where their membership in a group alone does not: there is no such
 * group, the image's rules don't name it, or the account has no password that sudo could ask for.
 *
 * @see sudoers(5)
 */
export async function planSudo(tree: ImageTree, accounts: Accounts, users: readonly PlannedUser[]): Promise<SudoPlan> {
  const administrators = users.filter(({ section }) => section.sudo === true);
  if (administrators.length === 0) return { changes: [], warnings: [] };
  if (!(await tree.exists("/usr/bin/sudo"))) {
    return { changes: [], warnings: ['Users may use sudo, but the package "sudo" is not installed'] };
  }
  const locked = administrators.filter(({ entry }) => isLocked(accounts, entry.name));
  const others = administrators.filter((user) => !locked.includes(user));
  const lines = [
    ...(await othersRules(tree, accounts, others)),
    ...locked.map(({ entry }) => rule(entry.name, `#${entry.uid}`, "NOPASSWD: ALL")),
  ];
  if (lines.length === 0) return { changes: [], warnings: [] };
  return {
    changes: [rootDirectory("/etc/sudoers.d", 0o750), rootFile(RULES_FILE, lines.join(""), 0o440)],
    warnings: [],
  };
}

async function othersRules(
  tree: ImageTree,
  accounts: Accounts,
  administrators: readonly PlannedUser[],
): Promise<readonly string[]> {
  if (administrators.length === 0) return [];
  const group = ADMINISTRATOR_GROUPS.find((name) => accounts.group.some((entry) => entry.name === name));
  if (group === undefined) return administrators.map(({ entry }) => rule(entry.name, `#${entry.uid}`, "ALL"));
  return (await isGranted(tree, group)) ? [] : [rule(group, `%${group}`, "ALL")];
}

/** By number: a name in capitals would be an alias. */
function rule(name: string, subject: string, commands: string): string {
  return `# ${name}\n${subject} ALL=(ALL:ALL) ${commands}\n`;
}

/** No password fits: whoever gets in has shown a key. */
function isLocked(accounts: Accounts, name: string): boolean {
  const password = accounts.shadow.find((entry) => entry.name === name)?.password ?? "";
  return /^[!*]/.test(password);
}

async function isGranted(tree: ImageTree, group: string): Promise<boolean> {
  const files = (await tree.list("/etc/sudoers.d")).filter((name) => !/[.~]/.test(name));
  const rule = new RegExp(`^\\s*%${group}\\s+ALL\\s*=`, "m");
  for (const file of ["/etc/sudoers", ...files.map((name) => `/etc/sudoers.d/${name}`)]) {
    if (rule.test((await tree.readText(file)) ?? "")) return true;
  }
  return false;
}

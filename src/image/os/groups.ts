import { nearestOf } from "../../core/index.ts";
import type { GroupEntry } from "./account-files.ts";
import { type AccountsDraft, firstFree, invalidAccount, LOCKED } from "./accounts-draft.ts";
import type { LoginDefaults } from "./login-defaults.ts";
import type { GroupSection } from "./sections.ts";

/**
 * Creates the groups of the template; one that a package made stays as it is.
 *
 * @param reserved ids that users will want for groups of their own
 * @throws {TEMPLATE_INVALID} an id belongs to another group
 */
export function createGroups(
  draft: AccountsDraft,
  groups: readonly GroupSection[],
  { firstGid, lastGid }: Pick<LoginDefaults, "firstGid" | "lastGid">,
  reserved: ReadonlySet<number>,
): void {
  const wanted = new Set(groups.flatMap(({ gid }) => (gid === undefined ? [] : [gid])));
  groups.forEach(({ name, gid }, index) => {
    const templatePath = `systemConfig.groups[${index}]`;
    const existing = draft.group.find((group) => group.name === name);
    if (existing !== undefined) {
      if (gid === undefined || gid === existing.gid) return;
      const message = `Cannot create the group "${name}": a package made it with the group id ${existing.gid}`;
      throw invalidAccount(`${templatePath}.gid`, message, `Remove the gid, or set it to ${existing.gid}`);
    }
    const taken = new Map(draft.group.map((group) => [group.gid, group.name]));
    const owner = gid === undefined ? undefined : taken.get(gid);
    if (owner !== undefined) {
      const message = `Cannot create the group "${name}": the group id ${gid ?? ""} belongs to "${owner}"`;
      throw invalidAccount(`${templatePath}.gid`, message, "Give another gid, or none");
    }
    const id = gid ?? firstFree(firstGid, lastGid, (free) => taken.has(free) || wanted.has(free) || reserved.has(free));
    if (id === undefined) {
      throw invalidAccount(templatePath, `Cannot create the group "${name}": no group id is free`);
    }
    addGroup(draft, name, id);
  });
}

export function addGroup(draft: AccountsDraft, name: string, gid: number): void {
  draft.group.push({ name, password: "x", gid, members: [] });
  draft.gshadow.push({ name, password: LOCKED, administrators: [], members: [] });
}

/**
 * @param action begins the message, for example `Cannot add "ada" to the group "docker"`
 * @throws {TEMPLATE_INVALID} there is no such group
 */
export function findGroup(draft: AccountsDraft, name: string, action: string, templatePath: string): GroupEntry {
  const group = draft.group.find((entry) => entry.name === name);
  if (group !== undefined) return group;
  const names = draft.group.map((entry) => entry.name);
  const near = nearestOf(name, names);
  throw invalidAccount(
    templatePath,
    `${action}: the image has no such group`,
    near === undefined
      ? "Add it to systemConfig.groups, or the package that makes it to systemConfig.packages"
      : `Did you mean "${near}"?`,
  );
}

/** Makes a user a member of a group, once. @throws {TEMPLATE_INVALID} there is no such group */
export function joinGroup(draft: AccountsDraft, user: string, name: string, templatePath: string): void {
  const group = findGroup(draft, name, `Cannot add "${user}" to the group "${name}"`, templatePath);
  draft.group[draft.group.indexOf(group)] = { ...group, members: withName(group.members, user) };
  const shadowIndex = draft.gshadow.findIndex((entry) => entry.name === name);
  const shadow = draft.gshadow[shadowIndex];
  if (shadow !== undefined) draft.gshadow[shadowIndex] = { ...shadow, members: withName(shadow.members, user) };
}

function withName(members: readonly string[], name: string): readonly string[] {
  return members.includes(name) ? members : [...members, name];
}

import type { UserSection } from "../../config/index.ts";
import {
  type Accounts,
  type AccountsDraft,
  createDraft,
  emptyShadow,
  finishAccounts,
  firstFree,
  invalidAccount,
} from "./accounts-draft.ts";
import type { PasswdEntry, SubIdRange } from "./account-files.ts";
import { addGroup, createGroups, findGroup, joinGroup } from "./groups.ts";
import type { LoginDefaults } from "./login-defaults.ts";
import type { GroupSection } from "./sections.ts";
import { setPassword } from "./user-password.ts";

/** What the template says about accounts. */
export interface AccountSections {
  readonly groups?: readonly GroupSection[];
  readonly users?: readonly UserSection[];
}

export interface AccountOptions {
  readonly defaults: LoginDefaults;
  /** The shell of new users for whom the template names none. */
  readonly defaultShell: string;
  /** Seconds since 1970; the day of it is every account's last password change. */
  readonly sourceDateEpoch: number;
  /** What salts are derived from. */
  readonly buildKey: string;
}

/** An account that the template names, as it is in the image. */
export interface PlannedUser {
  readonly entry: PasswdEntry;
  readonly created: boolean;
  readonly section: UserSection;
  /** Where the template names it, for example `systemConfig.users[0]`. */
  readonly templatePath: string;
}

export interface AccountsPlan {
  readonly accounts: Accounts;
  readonly users: readonly PlannedUser[];
}

/** Groups whose members may use sudo, in the order of preference: Debian's, everybody else's. */
export const ADMINISTRATOR_GROUPS = ["sudo", "wheel"] as const;

/**
 * Creates and changes groups and accounts as the template wants them: groups first, then users, then who is in what.
 *
 * Ids are given in the order of the template, so that the same template gives the same ids. No entry is ever left
 * with an empty password, nor one with a day that depends on the clock. A user with `sudo` joins the image's
 * administrator group when it has one; {@link planSudo} does the rest.
 *
 * @throws {TEMPLATE_INVALID} a group is missing, an id or a group's name is taken, a password is a damaged hash
 */
export function planAccounts(
  current: Accounts,
  { groups = [], users = [] }: AccountSections,
  options: AccountOptions,
): AccountsPlan {
  const draft = createDraft(current);
  createGroups(draft, groups, options.defaults, reservedIds(users.filter(({ primaryGroup }) => !primaryGroup)));
  const reservedUids = reservedIds(users);
  const planned = users.map((section, index) => {
    const templatePath = `systemConfig.users[${index}]`;
    const existing = draft.passwd.find(({ name }) => name === section.name);
    const entry =
      existing === undefined
        ? createUser(draft, section, templatePath, reservedUids, options)
        : changeUser(draft, existing, section, templatePath);
    setPassword(draft, section, templatePath, existing === undefined, options.buildKey);
    return { entry, created: existing === undefined, section, templatePath };
  });
  // Now that all are there: a user may be in the group of another one that the template names later.
  for (const { section, templatePath } of planned) joinGroups(draft, section, templatePath);
  return { accounts: finishAccounts(draft, options.sourceDateEpoch), users: planned };
}

function reservedIds(users: readonly UserSection[]): ReadonlySet<number> {
  return new Set(users.flatMap(({ uid }) => (uid === undefined ? [] : [uid])));
}

function createUser(
  draft: AccountsDraft,
  section: UserSection,
  templatePath: string,
  reservedUids: ReadonlySet<number>,
  options: AccountOptions,
): PasswdEntry {
  const { defaults } = options;
  const { name } = section;
  const takenUids = new Set(draft.passwd.map(({ uid }) => uid));
  const uid =
    section.uid ?? firstFree(defaults.firstUid, defaults.lastUid, (id) => takenUids.has(id) || reservedUids.has(id));
  const owner = draft.passwd.find((entry) => entry.uid === uid);
  if (uid === undefined || owner !== undefined) {
    const state =
      owner === undefined ? "no user id is free" : `the user id ${section.uid ?? ""} belongs to "${owner.name}"`;
    throw invalidAccount(
      `${templatePath}.uid`,
      `Cannot create the user "${name}": ${state}`,
      "Give another uid, or none",
    );
  }
  const gid =
    primaryGroupOf(draft, section, templatePath) ??
    createOwnGroup(draft, name, templatePath, uid, reservedUids, options);
  const entry: PasswdEntry = {
    name,
    password: "x",
    uid,
    gid,
    comment: "",
    home: checkedField(section.home ?? `/home/${name}`, `${templatePath}.home`),
    shell: shellOf(section, templatePath) ?? options.defaultShell,
  };
  draft.passwd.push(entry);
  draft.shadow.push({
    ...emptyShadow(name),
    minDays: String(defaults.passwordMinDays),
    maxDays: String(defaults.passwordMaxDays),
    warnDays: String(defaults.passwordWarnDays),
  });
  // As useradd does: only where the files are there, and only for people.
  if (uid >= defaults.firstUid && uid <= defaults.lastUid) {
    addRange(draft.subUids, name, defaults.firstSubUid, defaults.subUidCount);
    addRange(draft.subGids, name, defaults.firstSubGid, defaults.subGidCount);
  }
  return entry;
}

/** The id of the group that the template names for a user; undefined when the user is to have one of its own. */
function primaryGroupOf(draft: AccountsDraft, section: UserSection, templatePath: string): number | undefined {
  const { name, primaryGroup } = section;
  if (primaryGroup === undefined) return undefined;
  // A user's own group is made with the user.
  if (primaryGroup === name && !draft.group.some((group) => group.name === name)) return undefined;
  return findGroup(
    draft,
    primaryGroup,
    `Cannot make "${primaryGroup}" the group of "${name}"`,
    `${templatePath}.primaryGroup`,
  ).gid;
}

function createOwnGroup(
  draft: AccountsDraft,
  name: string,
  templatePath: string,
  uid: number,
  reservedUids: ReadonlySet<number>,
  { defaults }: AccountOptions,
): number {
  if (draft.group.some((group) => group.name === name)) {
    const message = `Cannot create the user "${name}": a group of that name exists, and the user needs its own`;
    throw invalidAccount(`${templatePath}.name`, message, `Choose another user name, or set primaryGroup to "${name}"`);
  }
  const takenGids = new Set(draft.group.map((group) => group.gid));
  const gid = takenGids.has(uid)
    ? firstFree(defaults.firstGid, defaults.lastGid, (id) => takenGids.has(id) || reservedUids.has(id))
    : uid;
  if (gid === undefined) throw invalidAccount(templatePath, `Cannot create the user "${name}": no group id is free`);
  addGroup(draft, name, gid);
  return gid;
}

function changeUser(
  draft: AccountsDraft,
  existing: PasswdEntry,
  section: UserSection,
  templatePath: string,
): PasswdEntry {
  if (section.uid !== undefined && section.uid !== existing.uid) {
    const message = `Cannot change the user "${section.name}": a package made it with the user id ${existing.uid}`;
    throw invalidAccount(`${templatePath}.uid`, message, `Remove the uid, or set it to ${existing.uid}`);
  }
  const entry: PasswdEntry = {
    ...existing,
    gid: primaryGroupOf(draft, section, templatePath) ?? existing.gid,
    home: section.home === undefined ? existing.home : checkedField(section.home, `${templatePath}.home`),
    shell: shellOf(section, templatePath) ?? existing.shell,
  };
  draft.passwd[draft.passwd.indexOf(existing)] = entry;
  return entry;
}

function shellOf({ startupScript, shell }: UserSection, templatePath: string): string | undefined {
  if (startupScript !== undefined) return checkedField(startupScript, `${templatePath}.startupScript`);
  return shell === undefined ? undefined : checkedField(shell, `${templatePath}.shell`);
}

function joinGroups(draft: AccountsDraft, section: UserSection, templatePath: string): void {
  (section.groups ?? []).forEach((name, index) => {
    joinGroup(draft, section.name, name, `${templatePath}.groups[${index}]`);
  });
  if (section.sudo !== true) return;
  const group = ADMINISTRATOR_GROUPS.find((name) => draft.group.some((entry) => entry.name === name));
  if (group !== undefined) joinGroup(draft, section.name, group, `${templatePath}.sudo`);
}

function addRange(ranges: SubIdRange[] | undefined, owner: string, first: number, count: number): void {
  if (ranges === undefined || count === 0 || ranges.some((range) => range.owner === owner)) return;
  const start = Math.max(first, ...ranges.map((range) => range.first + range.count));
  ranges.push({ owner, first: start, count });
}

/** A value that becomes a field of a line: a colon or a line break in it would make other fields or lines. */
function checkedField(value: string, templatePath: string): string {
  if (value.startsWith("/") && !/[:\0\r\n]/.test(value)) return value;
  throw invalidAccount(templatePath, `Cannot take ${JSON.stringify(value)}: it is no absolute path without ":"`);
}

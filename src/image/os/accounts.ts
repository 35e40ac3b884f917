import { ComposerError, nearestOf } from "../../core/index.ts";
import type { UserSection } from "../../config/index.ts";
import type { GroupEntry, GshadowEntry, PasswdEntry, ShadowEntry, SubIdRange } from "./account-files.ts";
import type { LoginDefaults } from "./login-defaults.ts";
import { hashPassword, isPasswordHash, saltFor, startsLikeHash } from "./password-hash.ts";

/** The user database of an image. */
export interface Accounts {
  readonly passwd: readonly PasswdEntry[];
  readonly shadow: readonly ShadowEntry[];
  readonly group: readonly GroupEntry[];
  readonly gshadow: readonly GshadowEntry[];
  /** Absent when the image has no such file: then nobody gets a range. */
  readonly subUids?: readonly SubIdRange[];
  readonly subGids?: readonly SubIdRange[];
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
const ADMINISTRATOR_GROUPS = ["sudo", "wheel"] as const;

const LOCKED = "!";

/**
 * Creates and changes accounts as the template wants them.
 *
 * Ids are given in the order of the template, so that the same template gives the same ids. No entry is ever left
 * with an empty password, nor one with a day that depends on the clock.
 *
 * @throws {TEMPLATE_INVALID} a group is missing, an id or a group's name is taken, a password is a damaged hash
 */
export function planAccounts(current: Accounts, users: readonly UserSection[], options: AccountOptions): AccountsPlan {
  const draft = createDraft(current);
  const reservedUids = new Set(users.flatMap(({ uid }) => (uid === undefined ? [] : [uid])));
  const planned = users.map((section, index) => {
    const templatePath = `systemConfig.users[${index}]`;
    const existing = draft.passwd.find(({ name }) => name === section.name);
    const entry =
      existing === undefined
        ? createUser(draft, section, templatePath, reservedUids, options)
        : changeUser(draft, existing, section, templatePath);
    setPassword(draft, section, templatePath, existing === undefined, options);
    joinGroups(draft, section, templatePath);
    return { entry, created: existing === undefined, section, templatePath };
  });
  return { accounts: finished(draft, options.sourceDateEpoch), users: planned };
}

interface Draft {
  readonly passwd: PasswdEntry[];
  readonly shadow: ShadowEntry[];
  readonly group: GroupEntry[];
  readonly gshadow: GshadowEntry[];
  readonly subUids: SubIdRange[] | undefined;
  readonly subGids: SubIdRange[] | undefined;
}

function createDraft(current: Accounts): Draft {
  return {
    passwd: [...current.passwd],
    shadow: [...current.shadow],
    group: [...current.group],
    gshadow: [...current.gshadow],
    subUids: current.subUids === undefined ? undefined : [...current.subUids],
    subGids: current.subGids === undefined ? undefined : [...current.subGids],
  };
}

function createUser(
  draft: Draft,
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
    throw invalid(`${templatePath}.uid`, `Cannot create the user "${name}": ${state}`, "Give another uid, or none");
  }
  if (draft.group.some((group) => group.name === name)) {
    const message = `Cannot create the user "${name}": a group of that name exists, and the user needs its own`;
    throw invalid(`${templatePath}.name`, message, "Choose another user name");
  }
  const takenGids = new Set(draft.group.map(({ gid }) => gid));
  const gid = takenGids.has(uid)
    ? firstFree(defaults.firstGid, defaults.lastGid, (id) => takenGids.has(id) || reservedUids.has(id))
    : uid;
  if (gid === undefined) throw invalid(templatePath, `Cannot create the user "${name}": no group id is free`);

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
  draft.group.push({ name, password: "x", gid, members: [] });
  draft.gshadow.push({ name, password: LOCKED, administrators: [], members: [] });
  draft.shadow.push({
    name,
    password: LOCKED,
    lastChangeDay: "",
    minDays: String(defaults.passwordMinDays),
    maxDays: String(defaults.passwordMaxDays),
    warnDays: String(defaults.passwordWarnDays),
    inactiveDays: "",
    expireDay: "",
    reserved: "",
  });
  // As useradd does: only where the files are there, and only for people.
  if (uid >= defaults.firstUid && uid <= defaults.lastUid) {
    addRange(draft.subUids, name, defaults.firstSubUid, defaults.subUidCount);
    addRange(draft.subGids, name, defaults.firstSubGid, defaults.subGidCount);
  }
  return entry;
}

function changeUser(draft: Draft, existing: PasswdEntry, section: UserSection, templatePath: string): PasswdEntry {
  if (section.uid !== undefined && section.uid !== existing.uid) {
    const message = `Cannot change the user "${section.name}": a package made it with the user id ${existing.uid}`;
    throw invalid(`${templatePath}.uid`, message, `Remove the uid, or set it to ${existing.uid}`);
  }
  const entry: PasswdEntry = {
    ...existing,
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

function setPassword(
  draft: Draft,
  section: UserSection,
  templatePath: string,
  created: boolean,
  options: AccountOptions,
): void {
  const index = draft.shadow.findIndex(({ name }) => name === section.name);
  const before = draft.shadow[index] ?? emptyShadow(section.name);
  const asked = section.password !== undefined || created;
  const after: ShadowEntry = {
    ...before,
    password: asked ? shadowPassword(section, templatePath, options.buildKey) : before.password,
    maxDays: section.passwordMaxAge === undefined ? before.maxDays : String(section.passwordMaxAge),
  };
  if (index === -1) draft.shadow.push(after);
  else draft.shadow[index] = after;
}

/** What stands in the password field: a hash, or `!` for an account without a password. */
function shadowPassword(section: UserSection, templatePath: string, buildKey: string): string {
  const { name, password = "", hash_algo: algorithm } = section;
  // People who know /etc/shadow write these to lock an account: they are no passwords.
  if (["", "!", "!!", "*", "!*"].includes(password)) return LOCKED;
  if (isPasswordHash(password)) return password;
  if (startsLikeHash(password) || /[\0\r\n]/.test(password)) {
    const state = startsLikeHash(password) ? "it is a damaged hash" : "it has a line break in it";
    const hint = "Make one with: mkpasswd, or openssl passwd -6";
    throw invalid(`${templatePath}.password`, `Cannot take the password of "${name}": ${state}`, hint);
  }
  if (algorithm !== undefined && algorithm !== "sha512" && algorithm !== "sha256") {
    const message = `Cannot hash the password of "${name}" with "${algorithm}": only sha512 and sha256 are made here`;
    throw invalid(`${templatePath}.hash_algo`, message, "Give the ready hash as password, or take sha512");
  }
  return hashPassword(password, saltFor(buildKey, name), algorithm === undefined ? {} : { algorithm });
}

function joinGroups(draft: Draft, section: UserSection, templatePath: string): void {
  (section.groups ?? []).forEach((name, index) => {
    joinGroup(draft, section.name, name, `${templatePath}.groups[${index}]`);
  });
  if (section.sudo !== true) return;
  const group = ADMINISTRATOR_GROUPS.find((name) => draft.group.some((entry) => entry.name === name));
  if (group === undefined) {
    const message = `Cannot let "${section.name}" use sudo: the image has neither a group "sudo" nor "wheel"`;
    throw invalid(`${templatePath}.sudo`, message, 'Add "sudo" to systemConfig.packages');
  }
  joinGroup(draft, section.name, group, `${templatePath}.sudo`);
}

function joinGroup(draft: Draft, user: string, name: string, templatePath: string): void {
  const index = draft.group.findIndex((group) => group.name === name);
  const group = draft.group[index];
  if (group === undefined) {
    const near = nearestOf(
      name,
      draft.group.map((entry) => entry.name),
    );
    throw invalid(
      templatePath,
      `Cannot add "${user}" to the group "${name}": the image has no such group`,
      near === undefined ? "Add the package that makes the group to systemConfig.packages" : `Did you mean "${near}"?`,
    );
  }
  draft.group[index] = { ...group, members: withName(group.members, user) };
  const shadowIndex = draft.gshadow.findIndex((entry) => entry.name === name);
  const shadow = draft.gshadow[shadowIndex];
  if (shadow !== undefined) draft.gshadow[shadowIndex] = { ...shadow, members: withName(shadow.members, user) };
}

/** Every account with a shadow entry, none with an empty password, none with a day from the clock. */
function finished(draft: Draft, sourceDateEpoch: number): Accounts {
  const today = String(Math.floor(sourceDateEpoch / 86_400));
  const known = new Set(draft.shadow.map(({ name }) => name));
  const moved = draft.passwd
    .filter(({ name }) => !known.has(name))
    .map(({ name, password }) => ({ ...emptyShadow(name), password: password === "x" ? LOCKED : password }));
  const shadow = [...draft.shadow, ...moved].map((entry) => ({
    ...entry,
    password: entry.password === "" ? LOCKED : entry.password,
    // 0 asks for a new password at the next login: that is a wish and no date.
    lastChangeDay: entry.lastChangeDay === "0" ? "0" : today,
  }));
  const knownGroups = new Set(draft.gshadow.map(({ name }) => name));
  const gshadow = [
    ...draft.gshadow,
    ...draft.group
      .filter(({ name }) => !knownGroups.has(name))
      .map(({ name, members }) => ({ name, password: "*", administrators: [], members })),
  ];
  return {
    passwd: draft.passwd.map((entry) => ({ ...entry, password: "x" })),
    shadow,
    group: draft.group,
    gshadow,
    ...(draft.subUids === undefined ? {} : { subUids: draft.subUids }),
    ...(draft.subGids === undefined ? {} : { subGids: draft.subGids }),
  };
}

function emptyShadow(name: string): ShadowEntry {
  return {
    name,
    password: LOCKED,
    lastChangeDay: "",
    minDays: "0",
    maxDays: "99999",
    warnDays: "7",
    inactiveDays: "",
    expireDay: "",
    reserved: "",
  };
}

function addRange(ranges: SubIdRange[] | undefined, owner: string, first: number, count: number): void {
  if (ranges === undefined || count === 0 || ranges.some((range) => range.owner === owner)) return;
  const start = Math.max(first, ...ranges.map((range) => range.first + range.count));
  ranges.push({ owner, first: start, count });
}

function firstFree(first: number, last: number, isTaken: (id: number) => boolean): number | undefined {
  for (let id = first; id <= last; id += 1) if (!isTaken(id)) return id;
  return undefined;
}

function withName(members: readonly string[], name: string): readonly string[] {
  return members.includes(name) ? members : [...members, name];
}

/** A value that becomes a field of a line: a colon or a line break in it would make other fields or lines. */
function checkedField(value: string, templatePath: string): string {
  if (value.startsWith("/") && !/[:\0\r\n]/.test(value)) return value;
  throw invalid(templatePath, `Cannot take ${JSON.stringify(value)}: it is no absolute path without ":"`);
}

function invalid(templatePath: string, message: string, hint?: string): ComposerError {
  return new ComposerError("TEMPLATE_INVALID", message, {
    ...(hint === undefined ? {} : { hint }),
    details: [`named at ${templatePath}`],
  });
}

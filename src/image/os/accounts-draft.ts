import { ComposerError } from "../../core/index.ts";
import type { GroupEntry, GshadowEntry, PasswdEntry, ShadowEntry, SubIdRange } from "./account-files.ts";

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

/** A user database that is being changed. */
export interface AccountsDraft {
  readonly passwd: PasswdEntry[];
  readonly shadow: ShadowEntry[];
  readonly group: GroupEntry[];
  readonly gshadow: GshadowEntry[];
  readonly subUids: SubIdRange[] | undefined;
  readonly subGids: SubIdRange[] | undefined;
}

/** What stands in a password field that nothing matches. */
export const LOCKED = "!";

export function createDraft(current: Accounts): AccountsDraft {
  return {
    passwd: [...current.passwd],
    shadow: [...current.shadow],
    group: [...current.group],
    gshadow: [...current.gshadow],
    subUids: current.subUids === undefined ? undefined : [...current.subUids],
    subGids: current.subGids === undefined ? undefined : [...current.subGids],
  };
}

/** Every account with a shadow entry, none with an empty password, none with a day from the clock. */
export function finishAccounts(draft: AccountsDraft, sourceDateEpoch: number): Accounts {
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

export function emptyShadow(name: string): ShadowEntry {
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

export function firstFree(first: number, last: number, isTaken: (id: number) => boolean): number | undefined {
  for (let id = first; id <= last; id += 1) if (!isTaken(id)) return id;
  return undefined;
}

/** @param templatePath where the template says what is wrong */
export function invalidAccount(templatePath: string, message: string, hint?: string): ComposerError {
  return new ComposerError("TEMPLATE_INVALID", message, {
    ...(hint === undefined ? {} : { hint }),
    details: [`named at ${templatePath}`],
  });
}

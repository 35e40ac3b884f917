import { ComposerError } from "../../core/index.ts";

/** A line of /etc/passwd. @see passwd(5) */
export interface PasswdEntry {
  readonly name: string;
  readonly password: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

/** A line of /etc/shadow; days since 1970 and numbers of days as text, empty for "not set". @see shadow(5) */
export interface ShadowEntry {
  readonly name: string;
  readonly password: string;
  readonly lastChangeDay: string;
  readonly minDays: string;
  readonly maxDays: string;
  readonly warnDays: string;
  readonly inactiveDays: string;
  readonly expireDay: string;
  readonly reserved: string;
}

/** A line of /etc/group. @see group(5) */
export interface GroupEntry {
  readonly name: string;
  readonly password: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** A line of /etc/gshadow. @see gshadow(5) */
export interface GshadowEntry {
  readonly name: string;
  readonly password: string;
  readonly administrators: readonly string[];
  readonly members: readonly string[];
}

/** A line of /etc/subuid or /etc/subgid. @see subuid(5) */
export interface SubIdRange {
  readonly owner: string;
  readonly first: number;
  readonly count: number;
}

/** @throws {IMAGE_PLAN_INVALID} a line has not seven fields, or an id is no number */
export function parsePasswd(text: string): PasswdEntry[] {
  return rows("/etc/passwd", text, 7).map(({ fields, line }) => {
    const [name = "", password = "", uid = "", gid = "", comment = "", home = "", shell = ""] = fields;
    return {
      name,
      password,
      uid: id("/etc/passwd", line, uid),
      gid: id("/etc/passwd", line, gid),
      comment,
      home,
      shell,
    };
  });
}

export function formatPasswd(entries: readonly PasswdEntry[]): string {
  return lines(entries, (entry) => {
    const { name, password, uid, gid, comment, home, shell } = entry;
    return [name, password, String(uid), String(gid), comment, home, shell];
  });
}

/** @throws {IMAGE_PLAN_INVALID} a line has not nine fields */
export function parseShadow(text: string): ShadowEntry[] {
  return rows("/etc/shadow", text, 9).map(({ fields }) => {
    const [name = "", password = "", lastChangeDay = "", minDays = "", maxDays = "", warnDays = ""] = fields;
    const [inactiveDays = "", expireDay = "", reserved = ""] = fields.slice(6);
    return { name, password, lastChangeDay, minDays, maxDays, warnDays, inactiveDays, expireDay, reserved };
  });
}

export function formatShadow(entries: readonly ShadowEntry[]): string {
  return lines(entries, (entry) => {
    const { name, password, lastChangeDay, minDays, maxDays, warnDays, inactiveDays, expireDay, reserved } = entry;
    return [name, password, lastChangeDay, minDays, maxDays, warnDays, inactiveDays, expireDay, reserved];
  });
}

/** @throws {IMAGE_PLAN_INVALID} a line has not four fields, or an id is no number */
export function parseGroup(text: string): GroupEntry[] {
  return rows("/etc/group", text, 4).map(({ fields, line }) => {
    const [name = "", password = "", gid = "", members = ""] = fields;
    return { name, password, gid: id("/etc/group", line, gid), members: names(members) };
  });
}

export function formatGroup(entries: readonly GroupEntry[]): string {
  return lines(entries, ({ name, password, gid, members }) => [name, password, String(gid), members.join(",")]);
}

/** @throws {IMAGE_PLAN_INVALID} a line has not four fields */
export function parseGshadow(text: string): GshadowEntry[] {
  return rows("/etc/gshadow", text, 4).map(({ fields }) => {
    const [name = "", password = "", administrators = "", members = ""] = fields;
    return { name, password, administrators: names(administrators), members: names(members) };
  });
}

export function formatGshadow(entries: readonly GshadowEntry[]): string {
  return lines(entries, (entry) => {
    return [entry.name, entry.password, entry.administrators.join(","), entry.members.join(",")];
  });
}

/** @param file the name for errors. @throws {IMAGE_PLAN_INVALID} a line has not three fields, or one is no number */
export function parseSubIds(file: string, text: string): SubIdRange[] {
  return rows(file, text, 3).map(({ fields, line }) => {
    const [owner = "", first = "", count = ""] = fields;
    return { owner, first: id(file, line, first), count: id(file, line, count) };
  });
}

export function formatSubIds(ranges: readonly SubIdRange[]): string {
  return lines(ranges, ({ owner, first, count }) => [owner, String(first), String(count)]);
}

function rows(file: string, text: string, fieldCount: number): { fields: string[]; line: number }[] {
  return text
    .split("\n")
    .map((row, index) => ({ fields: row.split(":"), line: index + 1 }))
    .filter(({ fields }) => fields.length > 1 || fields[0] !== "")
    .map((row) => {
      if (row.fields.length === fieldCount) return row;
      const state = `line ${row.line} has ${row.fields.length} fields instead of ${fieldCount}`;
      throw new ComposerError("IMAGE_PLAN_INVALID", `Cannot read "${file}" of the image: ${state}`);
    });
}

function id(file: string, line: number, text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  const state = `line ${line} has ${JSON.stringify(text)} where an id is expected`;
  throw new ComposerError("IMAGE_PLAN_INVALID", `Cannot read "${file}" of the image: ${state}`);
}

function names(text: string): string[] {
  return text.split(",").filter((name) => name !== "");
}

function lines<T>(entries: readonly T[], fieldsOf: (entry: T) => readonly string[]): string {
  return entries.map((entry) => `${fieldsOf(entry).join(":")}\n`).join("");
}

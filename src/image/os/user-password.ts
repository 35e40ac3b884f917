import type { UserSection } from "../../config/index.ts";
import { type AccountsDraft, emptyShadow, invalidAccount, LOCKED } from "./accounts-draft.ts";
import type { ShadowEntry } from "./account-files.ts";
import { hashPassword, isPasswordHash, saltFor, startsLikeHash } from "./password-hash.ts";

/** shadow(5): a last change on day 0 asks for a new password at the next login. */
const EXPIRED_DAY = "0";

/**
 * Sets password and ageing of an account as the template says; what it does not say stays.
 *
 * @throws {TEMPLATE_INVALID} the password is a damaged hash, or cannot be hashed as asked
 */
export function setPassword(
  draft: AccountsDraft,
  section: UserSection,
  templatePath: string,
  created: boolean,
  buildKey: string,
): void {
  const index = draft.shadow.findIndex(({ name }) => name === section.name);
  const before = draft.shadow[index] ?? emptyShadow(section.name);
  const isAsked = section.password !== undefined || created;
  const after: ShadowEntry = {
    ...before,
    password: isAsked ? shadowPassword(section, templatePath, buildKey) : before.password,
    lastChangeDay: dayOf(section, before.lastChangeDay),
    minDays: section.passwordMinAge === undefined ? before.minDays : String(section.passwordMinAge),
    maxDays: section.passwordMaxAge === undefined ? before.maxDays : String(section.passwordMaxAge),
    warnDays: section.passwordWarnAge === undefined ? before.warnDays : String(section.passwordWarnAge),
  };
  if (index === -1) draft.shadow.push(after);
  else draft.shadow[index] = after;
}

/** Only the wish matters: every other day becomes that of the epoch. */
function dayOf({ passwordExpired }: UserSection, before: string): string {
  if (passwordExpired === undefined) return before;
  return passwordExpired ? EXPIRED_DAY : "";
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
    throw invalidAccount(`${templatePath}.password`, `Cannot take the password of "${name}": ${state}`, hint);
  }
  if (algorithm !== undefined && algorithm !== "sha512" && algorithm !== "sha256") {
    const message = `Cannot hash the password of "${name}" with "${algorithm}": only sha512 and sha256 are made here`;
    throw invalidAccount(`${templatePath}.hash_algo`, message, "Give the ready hash as password, or take sha512");
  }
  return hashPassword(password, saltFor(buildKey, name), algorithm === undefined ? {} : { algorithm });
}

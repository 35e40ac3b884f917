import { type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import { type Report, spotOf } from "./rule-context.ts";

const MAX_UID = 60000;
const MAX_GID = 65533;
const MAX_DAYS = 99999;

/** The toolkit's rules for users; and group ids that are none, which it leaves to groupadd. */
export function checkAccounts({ Users, Groups }: SystemConfigModel, report: Report): void {
  for (const { value: user, spot } of itemsOf(Users)) {
    const { Name, UID, PasswordExpiresDays } = user;
    if (textOf(Name).trim() === "") report(spotOf(Name, spot, "Name"), "must not be empty");
    if (UID !== undefined && UID.value !== "" && !isIdUpTo(UID.value, MAX_UID)) {
      report(UID.spot, `${JSON.stringify(UID.value)} is no user id`, {
        expected: `a number from 0 to ${MAX_UID}, quoted`,
      });
    }
    const days = PasswordExpiresDays?.value ?? 0;
    if (PasswordExpiresDays !== undefined && (days < -1 || days > MAX_DAYS)) {
      report(PasswordExpiresDays.spot, `${days} is out of range`, { expected: `a number from -1 to ${MAX_DAYS}` });
    }
  }
  for (const { value: group, spot } of itemsOf(Groups)) {
    if (textOf(group.Name).trim() === "") report(spotOf(group.Name, spot, "Name"), "must not be empty");
    const { GID } = group;
    if (GID !== undefined && GID.value !== "" && !isIdUpTo(GID.value, MAX_GID)) {
      report(GID.spot, `${JSON.stringify(GID.value)} is no group id`, {
        expected: `a number from 0 to ${MAX_GID}, quoted`,
      });
    }
  }
}

function isIdUpTo(text: string, most: number): boolean {
  return /^\d{1,9}$/.test(text) && Number(text) <= most;
}

import { ComposerError, nearestOf } from "../../core/index.ts";
import type { Accounts } from "./accounts-draft.ts";
import type { PlacedFile } from "./additional-files.ts";
import type { TreeChange } from "./tree-change.ts";

/**
 * The changes that give the template's files to their owners, once the users are there; a copied directory with all
 * that came with it.
 *
 * An owner is `user`, `user:group` or `:group`, by name or number.
 *
 * @throws {TEMPLATE_INVALID} the image has no such user or group
 */
export function planFileOwners(files: readonly PlacedFile[], accounts: Accounts): TreeChange[] {
  return files.flatMap(({ section: { owner, final }, templatePath, paths }): TreeChange[] => {
    if (owner === undefined || owner === "") return [];
    const [user = "", group] = owner.split(":", 2);
    const account = accounts.passwd.find((entry) => entry.name === user);
    const uid = user === "" ? 0 : (account?.uid ?? numericId(user));
    const gid =
      group === undefined || group === ""
        ? (account?.gid ?? 0)
        : (accounts.group.find((entry) => entry.name === group)?.gid ?? numericId(group));
    if (uid !== undefined && gid !== undefined) return paths.map((path) => ({ kind: "owner", path, uid, gid }));
    const missing = uid === undefined ? `user "${user}"` : `group "${group ?? ""}"`;
    const near =
      uid === undefined ? nearestOf(user, names(accounts.passwd)) : nearestOf(group ?? "", names(accounts.group));
    throw new ComposerError("TEMPLATE_INVALID", `Cannot give "${final}" to "${owner}": the image has no ${missing}`, {
      hint:
        near === undefined
          ? "Add it to systemConfig.users or groups, or the package that makes it to systemConfig.packages"
          : `Did you mean "${near}"?`,
      details: [`named at ${templatePath}.owner`],
    });
  });
}

function names(entries: readonly { readonly name: string }[]): string[] {
  return entries.map(({ name }) => name);
}

function numericId(text: string): number | undefined {
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

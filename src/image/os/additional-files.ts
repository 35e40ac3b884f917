import nodePath from "node:path";
import type { AdditionalFileSection } from "../../config/index.ts";
import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { Accounts } from "./accounts.ts";
import type { TreeChange } from "./tree-change.ts";

/**
 * The changes that copy the template's files; they belong to root until {@link planFileOwners}.
 *
 * Without a `mode` a file is 0755 or 0644, as its owner on the host may run it or not: the umask of a checkout does
 * not reach the image.
 *
 * @param templateDirectory where relative `local` paths start
 * @throws {TEMPLATE_INVALID} a file is missing or is no regular file
 */
export async function planAdditionalFiles(
  host: Pick<Host, "files">,
  files: readonly AdditionalFileSection[],
  templateDirectory: string,
): Promise<TreeChange[]> {
  const changes: TreeChange[] = [];
  for (const [index, file] of files.entries()) {
    if (file.local === undefined) {
      changes.push(withoutSource(file));
      continue;
    }
    const from = nodePath.resolve(templateDirectory, file.local);
    const real = (await host.files.exists(from)) ? await host.files.realPath(from) : undefined;
    const stat = real === undefined ? undefined : await host.files.stat(real);
    if (real === undefined || stat?.kind !== "file") {
      const state = stat === undefined ? "it does not exist" : "it is no regular file";
      throw new ComposerError("TEMPLATE_INVALID", `Cannot copy "${from}" into the image: ${state}`, {
        hint: "Name the file relative to the directory of the template",
        details: [`named at systemConfig.additionalFiles[${index}].local`],
      });
    }
    const mode = file.mode === undefined ? defaultMode(stat.mode) : Number.parseInt(file.mode, 8);
    changes.push({ kind: "copy", from: real, path: file.final, mode, uid: 0, gid: 0 });
  }
  return changes;
}

/**
 * The changes that give the template's files to their owners, once the users are there.
 *
 * An owner is `user`, `user:group` or `:group`, by name or number.
 *
 * @throws {TEMPLATE_INVALID} the image has no such user or group
 */
export function planFileOwners(files: readonly AdditionalFileSection[], accounts: Accounts): TreeChange[] {
  return files.flatMap(({ owner, final }, index): TreeChange[] => {
    if (owner === undefined || owner === "") return [];
    const [user = "", group] = owner.split(":", 2);
    const account = accounts.passwd.find((entry) => entry.name === user);
    const uid = user === "" ? 0 : (account?.uid ?? numericId(user));
    const gid =
      group === undefined || group === ""
        ? (account?.gid ?? 0)
        : (accounts.group.find((entry) => entry.name === group)?.gid ?? numericId(group));
    if (uid !== undefined && gid !== undefined) return [{ kind: "owner", path: final, uid, gid }];
    const missing = uid === undefined ? `user "${user}"` : `group "${group ?? ""}"`;
    throw new ComposerError("TEMPLATE_INVALID", `Cannot give "${final}" to "${owner}": the image has no ${missing}`, {
      hint: "Add it to systemConfig.users, or the package that makes it to systemConfig.packages",
      details: [`named at systemConfig.additionalFiles[${index}].owner`],
    });
  });
}

/** What the template has itself: a text, or nothing but a directory. */
function withoutSource({ content, directory, final, mode }: AdditionalFileSection): TreeChange {
  const owner = { uid: 0, gid: 0 };
  const bits = mode === undefined ? undefined : Number.parseInt(mode, 8);
  return directory === true
    ? { kind: "directory", path: final, mode: bits ?? 0o755, ...owner }
    : { kind: "write", path: final, content: content ?? "", mode: bits ?? 0o644, ...owner };
}

function defaultMode(mode: number): number {
  return (mode & 0o100) === 0 ? 0o644 : 0o755;
}

function numericId(text: string): number | undefined {
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

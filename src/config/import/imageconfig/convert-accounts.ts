import { isComposerError } from "../../../core/index.ts";
import type { GroupSection, UserSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import { type Field, reportIssue } from "../decode.ts";
import { readText } from "../../document/index.ts";
import type { Spot } from "../source-node.ts";
import type { Conversion } from "./conversion.ts";
import { type SystemConfigModel, type UserModel, itemsOf, textOf } from "./model.ts";

/** The age of passwords that never need changing, as distributions preset it. @see login.defs(5) */
const NEVER_DAYS = 99999;

export function convertGroups(
  { Groups }: SystemConfigModel,
  { compose }: Conversion,
): Placed<GroupSection[]> | undefined {
  const groups = itemsOf(Groups).map(({ value: { Name, GID }, spot }) =>
    compose.mapping(spot, {
      name: placed(textOf(Name), Name?.spot ?? spot),
      gid: GID === undefined || GID.value === "" ? undefined : placed(Number(GID.value), GID.spot),
    }),
  );
  return compose.listOfAny(Groups?.spot, groups);
}

/** Users with their SSH keys read in. */
export async function convertUsers(
  { Users }: SystemConfigModel,
  conversion: Conversion,
): Promise<Placed<UserSection[]> | undefined> {
  const users = await Promise.all(itemsOf(Users).map((user) => convertUser(user, conversion)));
  return conversion.compose.listOfAny(Users?.spot, users);
}

async function convertUser(
  { value: user, spot }: Field<UserModel>,
  conversion: Conversion,
): Promise<Placed<UserSection>> {
  const { compose, notes } = conversion;
  const { Name, UID, PasswordExpiresDays, PrimaryGroup, SecondaryGroups, HomeDirectory } = user;
  const isRoot = textOf(Name) === "root";
  if (isRoot && UID !== undefined && !["", "0"].includes(UID.value)) {
    notes.add("ignored", UID.spot, "the user id of root is always 0");
  }
  const days = PasswordExpiresDays?.value ?? 0;
  return compose.mapping(spot, {
    name: placed(textOf(Name), Name?.spot ?? spot),
    uid: UID === undefined || UID.value === "" || isRoot ? undefined : placed(Number(UID.value), UID.spot),
    password: passwordOf(user, conversion),
    passwordMaxAge:
      PasswordExpiresDays === undefined || days === 0
        ? undefined
        : placed(days === -1 ? NEVER_DAYS : days, PasswordExpiresDays.spot),
    primaryGroup: nonEmpty(PrimaryGroup),
    groups: compose.listOfAny(
      SecondaryGroups?.spot,
      itemsOf(SecondaryGroups).map((group) => placed(group.value, group.spot)),
    ),
    home: nonEmpty(HomeDirectory),
    startupScript: startupScript(user, conversion),
    sshAuthorizedKeys: compose.listOfAny(undefined, await keysOf(user, conversion)),
  });
}

function nonEmpty(field: Field<string> | undefined): Placed<string> | undefined {
  return field === undefined || field.value === "" ? undefined : placed(field.value, field.spot);
}

/** A template tells hashes from passwords by the $ at their beginning; what it would take for the other is left out. */
function passwordOf({ Password, PasswordHashed }: UserModel, { notes }: Conversion): Placed<string> | undefined {
  if (Password === undefined || Password.value === "") return undefined;
  const hint = "Hash a password with mkpasswd; until then the account is locked";
  if (PasswordHashed?.value === true && !/^\$[0-9a-z]+\$/.test(Password.value)) {
    notes.add("dropped", Password.spot, "is no crypt(5) hash, as PasswordHashed claims", hint);
    return undefined;
  }
  if (PasswordHashed?.value !== true && /^\$|^[!*]+$/.test(Password.value)) {
    notes.add(
      "dropped",
      Password.spot,
      "a password that begins with $, or is only ! or *, cannot be written in the clear",
      hint,
    );
    return undefined;
  }
  return placed(Password.value, Password.spot);
}

function startupScript({ StartupCommand }: UserModel, { notes }: Conversion): Placed<string> | undefined {
  if (StartupCommand === undefined || StartupCommand.value === "") return undefined;
  if (/^\/[^: ]*$/.test(StartupCommand.value)) return placed(StartupCommand.value, StartupCommand.spot);
  notes.add(
    "dropped",
    StartupCommand.spot,
    "a login program is an absolute path without : and spaces",
    "Name a script that runs it",
  );
  return undefined;
}

async function keysOf({ SSHPubKeyPaths, SSHPubKeys }: UserModel, conversion: Conversion): Promise<Placed<string>[]> {
  const { files, issues, resolve } = conversion;
  const fromFiles = await Promise.all(
    itemsOf(SSHPubKeyPaths).map(async ({ value, spot }) => {
      try {
        return linesOf(await readText(files, resolve(value), resolve(value), "TEMPLATE_SYNTAX"), spot);
      } catch (error) {
        if (!isComposerError(error)) throw error;
        reportIssue(issues, spot, `key file ${JSON.stringify(value)} cannot be read`, {
          hint: "Paths are relative to the file; --base-dir names another directory",
        });
        return [];
      }
    }),
  );
  return [...fromFiles.flat(), ...itemsOf(SSHPubKeys).flatMap(({ value, spot }) => linesOf(value, spot))];
}

function linesOf(text: string, spot: Spot): Placed<string>[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => placed(line, spot));
}

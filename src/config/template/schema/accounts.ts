import Type, { type Static } from "typebox";
import { ABSOLUTE_PATH, choice, closed, flag, matching, text, texts, wholeNumber } from "./fields.ts";

const MAX_ID = 65533;
const MAX_DAYS = 99999;

export const Group = Type.Object(
  {
    name: text(
      "Group name",
      "operators",
      matching("^[a-z_][a-z0-9._-]{0,31}$", "up to 32 lower-case letters, digits, ., _ and -, a letter or _ first"),
    ),
    gid: Type.Optional(wholeNumber("Group id; the next free one when absent", 2000, 0, MAX_ID)),
  },
  closed,
);

export const User = Type.Object(
  {
    name: text(
      "Login name",
      "admin",
      matching("^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,31}$", "up to 32 letters, digits, ., _ and -, neither . nor - first"),
    ),
    password: Type.Optional(
      text("Password, or a crypt(5) hash; none or empty locks the account", "${ADMIN_PASSWORD}"),
    ),
    hash_algo: Type.Optional(choice(["sha512", "sha256", "yescrypt", "md5", "bcrypt"], "How the password is hashed")),
    passwordMaxAge: Type.Optional(wholeNumber("Days after which the password must be changed", 90, 0, MAX_DAYS)),
    passwordMinAge: Type.Optional(wholeNumber("Days before the password may be changed again", 1, 0, MAX_DAYS)),
    passwordWarnAge: Type.Optional(wholeNumber("Days of warning before the password must be changed", 7, 0, MAX_DAYS)),
    passwordExpired: Type.Optional(flag("The password must be changed at the first login")),
    uid: Type.Optional(wholeNumber("User id; the next free one when absent", 1000, 0, MAX_ID)),
    primaryGroup: Type.Optional(text("Primary group; one of the user's name when absent", "operators")),
    groups: Type.Optional(texts("Further groups", ["audio", "operators"])),
    sudo: Type.Optional(flag("May use sudo; who has no password is not asked for one")),
    home: Type.Optional(text("Home directory", "/home/admin", ABSOLUTE_PATH)),
    shell: Type.Optional(text("Login shell", "/bin/bash", ABSOLUTE_PATH)),
    startupScript: Type.Optional(
      text(
        "Program that replaces the shell",
        "/usr/local/bin/kiosk",
        matching("^/[^: ]*$", "an absolute path without : and spaces"),
      ),
    ),
    sshAuthorizedKeys: Type.Optional(
      texts("Public keys that may log in by SSH", [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5oGfLEVfNRmcTbWk0eG0kD7jDvY1pQWvO9xqgQmPzZ admin@example.com",
      ]),
    ),
  },
  closed,
);

export type GroupSection = Static<typeof Group>;
export type UserSection = Static<typeof User>;

import type { DocumentPath, Finding } from "../../document/index.ts";
import { isCleanPath } from "./check-paths.ts";
import type { UserSection } from "../schema/index.ts";

const USERS = ["systemConfig", "users"] as const;
/** Also the characters that a line of /etc/shadow allows. @see crypt(5) */
const CRYPT_HASH = /^\$(y|gy|7|6|5|1|2[abxy])\$[./A-Za-z0-9$=,+-]+$/;
const HASH_PREFIXES: Readonly<Record<NonNullable<UserSection["hash_algo"]>, RegExp>> = {
  yescrypt: /^\$y\$/,
  sha512: /^\$6\$/,
  sha256: /^\$5\$/,
  md5: /^\$1\$/,
  bcrypt: /^\$2[abxy]\$/,
};
const PUBLIC_KEY =
  /(^|[\s"])(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) ([A-Za-z0-9+/]{16,}={0,3})(\s|$)/;

/** Accounts: names and ids agree, passwords are usable, keys are public keys. */
export function checkUsers(users: readonly UserSection[]): Finding[] {
  return [...checkIds(users), ...users.flatMap((user, index) => checkUser(user, [...USERS, index]))];
}

function checkIds(users: readonly UserSection[]): Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<number, string>();
  for (const [index, { name, uid }] of users.entries()) {
    if (uid === undefined) continue;
    const path = [...USERS, index, "uid"];
    const owner = owners.get(uid);
    if (owner !== undefined) findings.push({ path, message: `user id ${uid} is already that of "${owner}"` });
    else if (name === "root" && uid !== 0) findings.push({ path, message: 'the user id of "root" is always 0' });
    else if (name !== "root" && uid === 0) {
      const hint = "Give an administrator sudo: true";
      findings.push({ path, message: 'user id 0 belongs to "root" alone', hint });
    }
    owners.set(uid, name);
  }
  return findings;
}

function checkUser(user: UserSection, path: DocumentPath): Finding[] {
  return [
    // Programs that take a name or an id would take it for an id.
    ...(/^\d+$/.test(user.name)
      ? [
          {
            path: [...path, "name"],
            message: `"${user.name}" would be taken for a user id`,
            hint: "Begin with a letter",
          },
        ]
      : []),
    ...checkPassword(user, path),
    ...checkAges(user, path),
    ...(["home", "shell", "startupScript"] as const).flatMap((key): Finding[] =>
      user[key] === undefined || isCleanPath(user[key])
        ? []
        : [{ path: [...path, key], message: "must be an absolute path without .., //, : and line breaks" }],
    ),
    ...(user.sshAuthorizedKeys ?? []).flatMap((key, position) =>
      checkKey(key, [...path, "sshAuthorizedKeys", position]),
    ),
  ];
}

function checkPassword({ password, hash_algo }: UserSection, path: DocumentPath): Finding[] {
  const at = [...path, "password"];
  if (password === undefined) {
    if (hash_algo === undefined) return [];
    return [{ path: [...path, "hash_algo"], message: "has no effect without a password" }];
  }
  if (/[\r\n]/.test(password)) return [{ path: at, message: "has a line break" }];
  if (/^[!*]+$/.test(password)) {
    return [{ path: at, message: "is no password", hint: "Leave the password out: the account is locked then" }];
  }
  // "${" is a variable that substitution has refused.
  if (!password.startsWith("$") || password.startsWith("${")) return [];
  if (!CRYPT_HASH.test(password)) {
    const hint = "A value that begins with $ is a hash: make it with mkpasswd, and put it between single quotes";
    return [{ path: at, message: "begins with $ but is no crypt(5) hash", hint }];
  }
  if (hash_algo !== undefined && !HASH_PREFIXES[hash_algo].test(password)) {
    return [{ path: [...path, "hash_algo"], message: `the password is a hash already, and not one of ${hash_algo}` }];
  }
  return [];
}

/** @see shadow(5) */
function checkAges(user: UserSection, path: DocumentPath): Finding[] {
  const { password, passwordExpired = false, passwordMinAge = 0, passwordMaxAge = Infinity } = user;
  const findings: Finding[] = [];
  if (passwordMinAge > passwordMaxAge) {
    const message = `is more than passwordMaxAge, ${passwordMaxAge}: the password could never be changed in time`;
    findings.push({ path: [...path, "passwordMinAge"], message });
  }
  if (passwordExpired && (password ?? "") === "") {
    const hint = "Without a password nobody could log in, not even with a key";
    const at = [...path, "passwordExpired"];
    if (password === undefined) findings.push({ path: at, message: "there is no password that could expire", hint });
    // It may come from a variable that is set only when an image is built.
    else findings.push({ path: at, message: "the password that would expire is empty", hint, severity: "warning" });
  }
  return findings;
}

function checkKey(key: string, path: DocumentPath): Finding[] {
  if (key.includes("PRIVATE KEY")) {
    return [{ path, message: "is a private key", hint: "Put the line of the file that ends in .pub here" }];
  }
  if (/[\r\n]/.test(key)) return [{ path, message: "has a line break", hint: "Make each key an item" }];
  const [, , type, , , body] = PUBLIC_KEY.exec(key) ?? [];
  if (type === undefined || body === undefined) {
    return [{ path, message: "is no SSH public key", hint: "Write it like ssh-ed25519 AAAA... name" }];
  }
  if (isWholeKey(type, Buffer.from(body, "base64"))) return [];
  return [{ path, message: `is a damaged ${type} key`, hint: "Copy the whole line of the file that ends in .pub" }];
}

/** Fields that each begin with their length, the type first, and nothing after the last. @see RFC 4253, section 6.6 */
function isWholeKey(type: string, body: Buffer): boolean {
  let [offset, fields] = [0, 0];
  while (offset + 4 <= body.length) {
    const end = offset + 4 + body.readUInt32BE(offset);
    if (fields === 0 && body.subarray(offset + 4, end).toString("latin1") !== type) return false;
    offset = end;
    fields += 1;
  }
  return offset === body.length && fields >= 2;
}

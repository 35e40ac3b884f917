import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hashPassword } from "../../src/image/os/password-hash.ts";
import { formatGroup, formatGshadow, formatPasswd, formatShadow } from "../../src/image/os/account-files.ts";
import { planAccounts } from "../../src/image/os/accounts.ts";
import { parseLoginDefaults } from "../../src/image/os/login-defaults.ts";
import { fakeTree } from "../fixtures/fake-tree.ts";

describe("hashPassword()", () => {
  const salts = ["a", "saltsalt", "./0123456789ABCD"];
  const passwords = ["a", "secret", "pässwörd", "x".repeat(63), "x".repeat(64), "y".repeat(200)];

  it.each(salts.flatMap((salt) => passwords.map((password) => [salt, password] as const)))(
    "agrees with openssl passwd for the salt %s and the password %s",
    (salt, password) => {
      for (const [algorithm, option] of [["sha512", "-6"] as const, ["sha256", "-5"] as const]) {
        const argv = ["passwd", option, "-salt", salt, "-stdin"];
        const expected = execFileSync("openssl", argv, { input: `${password}\n`, encoding: "utf8" }).trim();
        expect(hashPassword(password, salt, { algorithm })).toBe(expected);
      }
    },
  );

  it.each([
    [1000, "hello"],
    [9999, ""],
  ])("agrees with the C library for %i rounds and the password %j", (rounds, password) => {
    const program = "print crypt($ARGV[0], $ARGV[1])";
    const setting = `$6$rounds=${rounds}$saltsalt$`;
    const expected = execFileSync("perl", ["-e", program, "--", password, setting], { encoding: "utf8" });
    expect(hashPassword(password, "saltsalt", { rounds })).toBe(expected);
  });
});

describe("planAccounts()", () => {
  it("makes files in which pwck and grpck find nothing", () => {
    const root = { name: "root", password: "x", uid: 0, gid: 0, comment: "root", home: "/", shell: "/bin/sh" };
    const { accounts } = planAccounts(
      {
        passwd: [root],
        shadow: [],
        group: ["root", "sudo", "adm"].map((name, gid) => ({ name, password: "x", gid, members: [] })),
        gshadow: [],
      },
      {
        groups: [{ name: "operators", gid: 2000 }, { name: "plotters" }],
        users: [
          { name: "ada", password: "secret", sudo: true, groups: ["adm"], home: "/tmp", shell: "/bin/sh" },
          { name: "bob", passwordMaxAge: 30, primaryGroup: "operators", home: "/tmp", shell: "/bin/sh" },
          { name: "Eve", passwordExpired: true, groups: ["ada", "plotters"], home: "/tmp", shell: "/bin/sh" },
        ],
      },
      { defaults: parseLoginDefaults(), defaultShell: "/bin/sh", sourceDateEpoch: 1_700_000_000, buildKey: "k" },
    );
    using files = fakeTree();
    const write = (name: string, text: string): string => {
      const file = `${files.root}/${name}`;
      writeFileSync(file, text);
      chmodSync(file, 0o600);
      return file;
    };
    const passwd = [write("passwd", formatPasswd(accounts.passwd)), write("shadow", formatShadow(accounts.shadow))];
    const group = [write("group", formatGroup(accounts.group)), write("gshadow", formatGshadow(accounts.gshadow))];
    expect(findings("grpck", group)).toEqual([]);
    expect(findings("pwck", passwd)).toEqual([]);
    // The tools do find things.
    write("passwd", formatPasswd([...accounts.passwd, root]));
    expect(findings("pwck", passwd)).not.toEqual([]);
  });
});

/** What pwck or grpck say of two files, but for members and groups, which they look up on the host. */
function findings(program: "pwck" | "grpck", files: readonly string[]): string[] {
  // The PATH of a plain user lacks both.
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
  const { stdout, stderr } = spawnSync(program, ["-r", ...files], { env, encoding: "utf8" });
  const aboutHost = /: no (user|group|changes)|^delete member|^$/;
  return `${stdout}${stderr}`.split("\n").filter((line) => !aboutHost.test(line));
}

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hashPassword } from "../../src/image/os/password-hash.ts";
import { formatGroup, formatGshadow, formatPasswd, formatShadow } from "../../src/image/os/account-files.ts";
import { planAccounts } from "../../src/image/os/accounts.ts";
import { applyChanges } from "../../src/image/os/apply-changes.ts";
import { openImageTree } from "../../src/image/os/image-tree.ts";
import { parseLoginDefaults } from "../../src/image/os/login-defaults.ts";
import { planAccountFiles, readAccounts } from "../../src/image/os/read-accounts.ts";
import { planSudo } from "../../src/image/os/sudo.ts";
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

describe.runIf(process.getuid?.() === 0)("planAccounts(), beside groupadd and useradd", () => {
  const EPOCH = 1_700_000_000;
  const FILES = ["passwd", "shadow", "group", "gshadow"] as const;
  const BEFORE = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "/etc/shadow": `root:*:${Math.floor(EPOCH / 86_400)}:0:99999:7:::\n`,
    "/etc/group": "root:x:0:\nadm:x:4:\naudio:x:29:\n",
    "/etc/gshadow": "root:*::\nadm:*::\naudio:*::\n",
    "/etc/login.defs": [
      ...["UID_MIN 1000", "UID_MAX 60000", "GID_MIN 1000", "GID_MAX 60000", "USERGROUPS_ENAB yes"],
      ...["PASS_MIN_DAYS 0", "PASS_MAX_DAYS 99999", "PASS_WARN_AGE 7", ""],
    ].join("\n"),
  };

  it("leaves the same files", async () => {
    using theirs = fakeTree(BEFORE);
    const call = (program: string, ...words: readonly string[]): void => {
      const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", SOURCE_DATE_EPOCH: String(EPOCH) };
      execFileSync(program, ["--prefix", theirs.root, ...words], { env, stdio: "pipe" });
    };
    const ageing = ["-K", "PASS_MIN_DAYS=2", "-K", "PASS_MAX_DAYS=90", "-K", "PASS_WARN_AGE=14"];
    call("groupadd", "--gid", "2000", "operators");
    call("useradd", "--no-create-home", "--shell", "/bin/sh", "--groups", "adm,audio", "ada");
    call("useradd", "--no-create-home", "--shell", "/bin/sh", "--home-dir", "/srv/bob", "--gid", "operators", "--uid", "1500", ...ageing, "bob"); // prettier-ignore
    call("useradd", "--no-create-home", "--shell", "/bin/sh", "--groups", "operators", "Eve");

    using ours = fakeTree(BEFORE);
    const tree = openImageTree(ours.host, ours.root);
    const shell = "/bin/sh";
    const { accounts } = planAccounts(
      await readAccounts(tree),
      {
        groups: [{ name: "operators", gid: 2000 }],
        users: [
          { name: "ada", shell, groups: ["adm", "audio"] },
          {
            ...{ name: "bob", shell, home: "/srv/bob", primaryGroup: "operators", uid: 1500 },
            ...{ passwordMinAge: 2, passwordMaxAge: 90, passwordWarnAge: 14 },
          },
          { name: "Eve", shell, groups: ["operators"], uid: 1501 },
        ],
      },
      {
        defaults: parseLoginDefaults(BEFORE["/etc/login.defs"]),
        ...{ defaultShell: shell, sourceDateEpoch: EPOCH, buildKey: "k" },
      },
    );
    await applyChanges(ours.host, ours.root, await planAccountFiles(tree, accounts));
    for (const file of FILES) {
      const [expected, actual] = [theirs, ours].map(({ root }) => readFileSync(`${root}/etc/${file}`, "utf8"));
      expect(actual, file).toBe(expected);
    }
  });
});

describe("planSudo()", () => {
  it("writes rules that visudo accepts", async () => {
    using files = fakeTree({ "/usr/bin/sudo": "", "/etc/sudoers": "" });
    const entry = { name: "ADMIN", password: "x", uid: 1500, gid: 1, comment: "", home: "/", shell: "/bin/sh" };
    const user = { entry, created: true, section: { name: "ADMIN", sudo: true }, templatePath: "x" };
    const accounts = { passwd: [entry], shadow: [], group: [], gshadow: [] };
    const { changes } = await planSudo(openImageTree(files.host, files.root), accounts, [user]);
    await applyChanges(files.host, files.root, changes);
    const rules = `${files.root}/etc/sudoers.d/90-os-image-composer`;
    expect(spawnSync("visudo", ["-c", "-s", "-f", rules], { encoding: "utf8" })).toMatchObject({ status: 0 });
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

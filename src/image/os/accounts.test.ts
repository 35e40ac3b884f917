import { describe, expect, it } from "vitest";
import type { UserSection } from "../../config/index.ts";
import {
  formatGroup,
  formatPasswd,
  formatShadow,
  parseGroup,
  parseGshadow,
  parsePasswd,
  parseShadow,
} from "./account-files.ts";
import { planAccounts } from "./accounts.ts";
import type { GroupSection } from "./sections.ts";
import type { Accounts } from "./accounts-draft.ts";
import { parseLoginDefaults } from "./login-defaults.ts";
import { hashPassword, saltFor } from "./password-hash.ts";

const current: Accounts = {
  passwd: parsePasswd("root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"),
  shadow: parseShadow("root:*:20000:0:99999:7:::\ndaemon:*:19999:0:99999:7:::\n"),
  group: parseGroup("root:x:0:\ndaemon:x:1:\nsudo:x:27:\ndocker:x:998:\n"),
  gshadow: parseGshadow("root:*::\ndaemon:*::\nsudo:*::\ndocker:!::\n"),
  subUids: [],
  subGids: [],
};

// 2025-06-01T00:00:00Z is day 20240.
const options = {
  defaults: parseLoginDefaults(),
  defaultShell: "/bin/bash",
  sourceDateEpoch: 1_748_736_000 + 3600,
  buildKey: "build",
};

const plan = (...users: readonly UserSection[]) => planAccounts(current, { users }, options);

describe("planAccounts()", () => {
  it("creates a user with its own group, a hash, and ids from 1000 in the order of the template", () => {
    const { accounts } = plan({ name: "zoe", password: "secret" }, { name: "ada", password: "" });
    expect(formatPasswd(accounts.passwd).split("\n").slice(2)).toEqual([
      "zoe:x:1000:1000::/home/zoe:/bin/bash",
      "ada:x:1001:1001::/home/ada:/bin/bash",
      "",
    ]);
    expect(formatGroup(accounts.group)).toContain("zoe:x:1000:\nada:x:1001:\n");
    const hash = hashPassword("secret", saltFor("build", "zoe"));
    expect(formatShadow(accounts.shadow)).toContain(`zoe:${hash}:20240:0:99999:7:::\nada:!:20240:0:99999:7:::\n`);
  });

  it("sets the day of the last change of every account from the epoch, but keeps a forced change", () => {
    const forced = { ...current, shadow: parseShadow("root:*:20000:0:99999:7:::\ndaemon:*:0:0:99999:7:::\n") };
    const { accounts } = planAccounts(forced, {}, options);
    expect(accounts.shadow.map(({ lastChangeDay }) => lastChangeDay)).toEqual(["20240", "0"]);
  });

  it("locks accounts that have an empty password or no entry in shadow", () => {
    const open = { ...current, shadow: parseShadow("root::20000:0:99999:7:::\n") };
    const { accounts } = planAccounts(open, {}, options);
    expect(accounts.shadow.map(({ name, password }) => [name, password])).toEqual([
      ["root", "!"],
      ["daemon", "!"],
    ]);
  });

  it("changes root and leaves its password when the template gives none", () => {
    const { accounts, users } = plan({ name: "root", shell: "/bin/sh", passwordMaxAge: 90 });
    expect(accounts.passwd[0]).toMatchObject({ name: "root", uid: 0, home: "/root", shell: "/bin/sh" });
    expect(accounts.shadow[0]).toMatchObject({ password: "*", maxDays: "90" });
    expect(users[0]?.created).toBe(false);
  });

  it.each(["!", "!!", "*"])("locks an account with the password %s", (password) => {
    expect(plan({ name: "ada", password }).accounts.shadow.at(-1)?.password).toBe("!");
  });

  it("takes a ready hash as it is, whatever the algorithm", () => {
    const hash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";
    expect(plan({ name: "ada", password: hash, hash_algo: "yescrypt" }).accounts.shadow.at(-1)?.password).toBe(hash);
  });

  it("adds to groups once, to sudo's group, and to gshadow", () => {
    const { accounts } = plan({ name: "ada", groups: ["docker", "docker", "sudo"], sudo: true });
    expect(formatGroup(accounts.group)).toContain("sudo:x:27:ada\ndocker:x:998:ada\n");
    expect(accounts.gshadow.find(({ name }) => name === "sudo")?.members).toEqual(["ada"]);
  });

  it("uses wheel where there is no group sudo", () => {
    const rpm = { ...current, group: parseGroup("root:x:0:\nwheel:x:10:\n") };
    const { accounts } = planAccounts(rpm, { users: [{ name: "ada", sudo: true }] }, options);
    expect(accounts.group.find(({ name }) => name === "wheel")?.members).toEqual(["ada"]);
  });

  it("keeps explicit ids free for those that ask for them", () => {
    const { accounts } = plan({ name: "ada" }, { name: "bob", uid: 1000 });
    expect(accounts.passwd.slice(2).map(({ name, uid, gid }) => [name, uid, gid])).toEqual([
      ["ada", 1001, 1001],
      ["bob", 1000, 1000],
    ]);
  });

  it("takes the startup script as the shell", () => {
    const entry = plan({ name: "kiosk", shell: "/bin/sh", startupScript: "/usr/bin/kiosk" }).users[0]?.entry;
    expect(entry?.shell).toBe("/usr/bin/kiosk");
  });

  it("gives sub-id ranges that don't overlap", () => {
    expect(plan({ name: "ada" }, { name: "bob" }).accounts.subUids).toEqual([
      { owner: "ada", first: 100_000, count: 65_536 },
      { owner: "bob", first: 165_536, count: 65_536 },
    ]);
  });

  it("makes groups first, and keeps what a package made", () => {
    const groups = [{ name: "plotters" }, { name: "operators", gid: 2000 }, { name: "docker", gid: 998 }];
    const { accounts } = planAccounts(current, { groups, users: [{ name: "ada" }] }, options);
    expect(formatGroup(accounts.group)).toMatch(/docker:x:998:\nplotters:x:1000:\noperators:x:2000:\nada:x:1001:\n$/);
    expect(accounts.gshadow.at(-1)).toEqual({ name: "ada", password: "!", administrators: [], members: [] });
  });

  it("leaves ids to the groups and users that ask for them", () => {
    const groups = [{ name: "a" }, { name: "b", gid: 1000 }];
    const users = [{ name: "ada", uid: 1001 }];
    const { accounts } = planAccounts(current, { groups, users }, options);
    expect(accounts.group.slice(4).map(({ name, gid }) => [name, gid])).toEqual([
      ["a", 1002],
      ["b", 1000],
      ["ada", 1001],
    ]);
  });

  it.each<[GroupSection, string]>([
    [{ name: "ops", gid: 27 }, 'the group id 27 belongs to "sudo"'],
    [{ name: "docker", gid: 5 }, "with the group id 998"],
  ])("refuses the group %j", (group, message) => {
    expect(() => planAccounts(current, { groups: [group] }, options)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message) as string,
        details: ["named at systemConfig.groups[0].gid"],
      }),
    );
  });

  it("takes the primary group that the template names, and makes no other", () => {
    const { accounts, users } = plan({ name: "ada", primaryGroup: "docker" }, { name: "root", primaryGroup: "sudo" });
    expect(accounts.group.some(({ name }) => name === "ada")).toBe(false);
    expect(users.map(({ entry }) => [entry.name, entry.gid])).toEqual([
      ["ada", 998],
      ["root", 27],
    ]);
    expect(plan({ name: "bob", primaryGroup: "bob" }).accounts.group.at(-1)).toMatchObject({ name: "bob", gid: 1000 });
  });

  it("lets users into groups of users that come later", () => {
    const { accounts } = plan({ name: "ada", groups: ["bob"] }, { name: "bob" });
    expect(accounts.group.at(-1)).toMatchObject({ name: "bob", members: ["ada"] });
  });

  it("sets the ageing of passwords, and lets them expire", () => {
    const ageing = { passwordMinAge: 2, passwordMaxAge: 90, passwordWarnAge: 14 };
    const { accounts } = plan({ name: "Ada", ...ageing }, { name: "bob", passwordExpired: true });
    expect(formatShadow(accounts.shadow)).toContain("Ada:!:20240:2:90:14:::\nbob:!:0:0:99999:7:::\n");
    const forced = { ...current, shadow: parseShadow("root:*:0:0:99999:7:::\n") };
    const freed = planAccounts(forced, { users: [{ name: "root", passwordExpired: false }] }, options);
    expect(freed.accounts.shadow[0]?.lastChangeDay).toBe("20240");
  });

  it("leaves sudo to rules where there is no group for it", () => {
    const bare = { ...current, group: parseGroup("root:x:0:\n"), gshadow: [] };
    const { accounts } = planAccounts(bare, { users: [{ name: "ada", sudo: true }] }, options);
    expect(formatGroup(accounts.group)).toBe("root:x:0:\nada:x:1000:\n");
  });

  it.each<[string, UserSection, string, string]>([
    ["a missing group", { name: "ada", groups: ["dokcer"] }, "no such group", "systemConfig.users[0].groups[0]"],
    ["a missing primary group", { name: "ada", primaryGroup: "x" }, "no such group", "users[0].primaryGroup"],
    ["a taken uid", { name: "ada", uid: 1 }, 'the user id 1 belongs to "daemon"', "systemConfig.users[0].uid"],
    ["another uid for root", { name: "root", uid: 5 }, "with the user id 0", "systemConfig.users[0].uid"],
    ["the name of a group", { name: "docker" }, "a group of that name exists", "systemConfig.users[0].name"],
    ["a damaged hash", { name: "ada", password: "$6$x" }, "damaged hash", "systemConfig.users[0].password"],
    ["a plain password for md5", { name: "ada", password: "x", hash_algo: "md5" }, '"md5"', "users[0].hash_algo"],
    ["a colon in the home", { name: "ada", home: "/x:/y" }, "no absolute path", "systemConfig.users[0].home"],
    ["a line break in the shell", { name: "ada", shell: "/x\nroot::0:0" }, "no absolute path", "users[0].shell"],
  ])("refuses %s and names the place", (_, user, message, place) => {
    expect(() => plan(user)).toThrow(
      expect.objectContaining({
        code: "TEMPLATE_INVALID",
        message: expect.stringContaining(message) as string,
        details: [expect.stringContaining(place)] as string[],
      }),
    );
  });

  it("suggests the group that was meant", () => {
    expect(() => plan({ name: "ada", groups: ["dokcer"] })).toThrow(
      expect.objectContaining({ hint: 'Did you mean "docker"?' }),
    );
  });
});

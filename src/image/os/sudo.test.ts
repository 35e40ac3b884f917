import { describe, expect, it } from "vitest";
import { type FakeEntries, fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { parseGroup, parseShadow } from "./account-files.ts";
import { openImageTree } from "./image-tree.ts";
import { planSudo } from "./sudo.ts";

const SUDO = { "/usr/bin/sudo": "", "/etc/sudoers": "%sudo\tALL=(ALL:ALL) ALL\n# %wheel ALL=(ALL) ALL\n" };

async function plan(entries: FakeEntries, groups: string, sudo = true, password = "$6$salt$hash") {
  using tree = fakeTree(entries);
  const entry = { name: "ADA", password: "x", uid: 1500, gid: 1, comment: "", home: "/", shell: "/bin/sh" };
  const user = { entry, created: true, section: { name: "ADA", sudo }, templatePath: "systemConfig.users[0]" };
  const shadow = parseShadow(`ADA:${password}:1::::::\n`);
  const accounts = { passwd: [entry], shadow, group: parseGroup(groups), gshadow: [] };
  return await planSudo(openImageTree(tree.host, tree.root), accounts, [user]);
}

describe("planSudo()", () => {
  it("has nothing to do where the rules name the group, or nobody asks", async () => {
    expect(await plan(SUDO, "sudo:x:27:\n")).toEqual({ changes: [], warnings: [] });
    expect(await plan({}, "", false)).toEqual({ changes: [], warnings: [] });
    const dropIn = { "/usr/bin/sudo": "", "/etc/sudoers.d/wheel": "%wheel ALL=(ALL) NOPASSWD: ALL\n" };
    expect(await plan(dropIn, "wheel:x:10:\n")).toEqual({ changes: [], warnings: [] });
  });

  it.each([
    ["wheel:x:10:\n", "# wheel\n%wheel ALL=(ALL:ALL) ALL\n"],
    ["root:x:0:\n", "# ADA\n#1500 ALL=(ALL:ALL) ALL\n"],
  ])("writes a rule where the groups are %j", async (groups, content) => {
    expect((await plan(SUDO, groups)).changes.at(-1)).toMatchObject({
      path: "/etc/sudoers.d/90-os-image-composer",
      content,
      mode: 0o440,
    });
  });

  it("asks an account without password for none", async () => {
    expect((await plan(SUDO, "sudo:x:27:\n", true, "!")).changes.at(-1)).toMatchObject({
      content: "# ADA\n#1500 ALL=(ALL:ALL) NOPASSWD: ALL\n",
      mode: 0o440,
    });
  });

  it("warns when sudo is not installed", async () => {
    expect((await plan({}, "sudo:x:27:\n")).warnings).toEqual([expect.stringContaining('"sudo" is not installed')]);
  });
});

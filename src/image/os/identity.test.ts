import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { planHostname, planLocale, planMachineIdentity, planSshHostKeys, planTimezone } from "./identity.ts";
import { openImageTree } from "./image-tree.ts";

const open = (tree: ReturnType<typeof fakeTree>) => openImageTree(tree.host, tree.root);

const ZONES = {
  "/usr/share/zoneinfo/Europe/Berlin": "TZif",
  "/usr/share/zoneinfo/tzdata.zi":
    "# version 2025b\nZ Europe/Berlin 0:53:28 - LMT\nL Europe/Berlin Arctic/Longyearbyen\n",
  "/var/lib/dpkg/status": "",
};

describe("planHostname()", () => {
  it("writes the name, and the full name before the short one in hosts", () => {
    const [hostname, hosts] = planHostname("edge.example.org");
    expect(hostname).toMatchObject({ path: "/etc/hostname", content: "edge.example.org\n" });
    expect(hosts).toMatchObject({
      path: "/etc/hosts",
      content: expect.stringContaining("127.0.1.1\tedge.example.org edge\n") as string,
    });
  });

  it("removes the name of the build machine when the template has none", () => {
    const [hostname, hosts] = planHostname(undefined);
    expect(hostname).toEqual({ kind: "remove", path: "/etc/hostname" });
    expect(hosts).not.toMatchObject({ content: expect.stringContaining("127.0.1.1") as string });
  });
});

describe("planTimezone()", () => {
  it("links /etc/localtime and writes Debian's file", async () => {
    using tree = fakeTree(ZONES);
    expect(await planTimezone(open(tree), "Europe/Berlin")).toMatchObject([
      { kind: "symlink", path: "/etc/localtime", target: "/usr/share/zoneinfo/Europe/Berlin" },
      { path: "/etc/timezone", content: "Europe/Berlin\n" },
    ]);
  });

  it("needs no zone data for UTC", async () => {
    using tree = fakeTree();
    expect(await planTimezone(open(tree), "UTC")).toEqual([{ kind: "remove", path: "/etc/localtime" }]);
  });

  it.each([
    ["Europe/Berlim", 'Did you mean "Europe/Berlin"?'],
    ["../../../etc/passwd", "tz database"],
    ["Europe", "tz database"],
  ])("refuses %s", async (zone, hint) => {
    using tree = fakeTree(ZONES);
    await expect(planTimezone(open(tree), zone)).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      hint: expect.stringContaining(hint) as string,
    });
  });

  it("names the package when there are no zones at all", async () => {
    using tree = fakeTree();
    await expect(planTimezone(open(tree), "Europe/Berlin")).rejects.toMatchObject({
      hint: 'Add "tzdata" to systemConfig.packages',
    });
  });
});

describe("planLocale()", () => {
  it("takes the C library's own locale without any package", async () => {
    using tree = fakeTree({ "/var/lib/dpkg/status": "" });
    expect(await planLocale(open(tree), "C.UTF-8")).toMatchObject({
      changes: [
        { path: "/etc/locale.conf", content: "LANG=C.UTF-8\n" },
        { kind: "symlink", path: "/etc/default/locale", target: "../locale.conf" },
      ],
      commands: [],
    });
  });

  it("generates a locale where locale-gen is", async () => {
    using tree = fakeTree({ "/usr/share/i18n/SUPPORTED": "de_DE.UTF-8 UTF-8\n", "/usr/sbin/locale-gen": "" });
    const plan = await planLocale(open(tree), "de_DE.UTF-8");
    expect(plan.commands).toEqual([["locale-gen"]]);
    expect(plan.changes.at(-1)).toMatchObject({ path: "/etc/locale.gen", content: "de_DE.UTF-8 UTF-8\n" });
  });

  it("finds a locale in the archive", async () => {
    using tree = fakeTree({ "/usr/lib/locale/locale-archive": "..\0de_DE.utf8\0.." });
    expect((await planLocale(open(tree), "de_DE.UTF-8")).commands).toEqual([]);
  });

  it.each(["de_DE.UTF-8", "C.UTF-8\nX=1", "../x"])("refuses %j", async (locale) => {
    using tree = fakeTree();
    await expect(planLocale(open(tree), locale)).rejects.toMatchObject({ code: "TEMPLATE_INVALID" });
  });
});

describe("planMachineIdentity()", () => {
  it("empties the machine id and links D-Bus's to it", async () => {
    using tree = fakeTree({ "/var/lib/dbus/machine-id": "0123" });
    expect(await planMachineIdentity(open(tree))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: "write", path: "/etc/machine-id", content: "", mode: 0o444 }),
        { kind: "symlink", path: "/var/lib/dbus/machine-id", target: "/etc/machine-id" },
        { kind: "remove", path: "/var/lib/systemd/random-seed" },
      ]),
    );
  });
});

describe("planSshHostKeys()", () => {
  it("removes host keys only, and starts our unit with every SSH unit that is installed", async () => {
    using tree = fakeTree({
      "/etc/ssh/ssh_host_ed25519_key": "",
      "/etc/ssh/ssh_host_ed25519_key.pub": "",
      "/etc/ssh/sshd_config": "",
      "/usr/sbin/sshd": "",
      "/usr/bin/ssh-keygen": "",
      "/usr/lib/systemd/system/ssh.service": "",
      "/usr/lib/systemd/system/ssh.socket": "",
    });
    expect((await planSshHostKeys(open(tree))).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "remove /etc/ssh/ssh_host_ed25519_key",
      "remove /etc/ssh/ssh_host_ed25519_key.pub",
      "write /etc/systemd/system/ssh-host-keys.service",
      "symlink /etc/systemd/system/ssh.service.wants/ssh-host-keys.service",
      "symlink /etc/systemd/system/ssh.socket.wants/ssh-host-keys.service",
    ]);
  });

  it("does nothing without an SSH server", async () => {
    using tree = fakeTree();
    expect(await planSshHostKeys(open(tree))).toEqual([]);
  });
});

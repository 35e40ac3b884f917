import { lstatSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import type { ImageTemplate } from "../../config/index.ts";
import { type BuildEvent, ComposerError } from "../../core/index.ts";
import { type FakeTree, fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { type ConfigureSystemOptions, configureSystem } from "./configure-system.ts";

const EPOCH = 1_748_736_000;

const INSTALLED = {
  "/bin/bash": "",
  "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
  "/etc/passwd-": "root:x:0:0:old:/root:/bin/bash\n",
  "/etc/shadow": "root:*:1:0:99999:7:::\n",
  "/etc/group": "root:x:0:\nshadow:x:42:\nsudo:x:27:\n",
  "/etc/gshadow": "root:*::\nshadow:*::\nsudo:*::\n",
  "/etc/skel/.profile": "profile",
  "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
  "/etc/ssh/ssh_host_rsa_key": "secret",
  "/usr/lib/systemd/system/systemd-networkd.service": "",
  "/usr/lib/systemd/system/ssh.service": "",
  "/var/log/dpkg.log": "now",
};

function template(systemConfig: ImageTemplate["systemConfig"]): ImageTemplate {
  return {
    image: { name: "x", version: "1.0" },
    target: { os: "debian", dist: "debian13", arch: "x86_64", imageType: "raw" },
    ...(systemConfig === undefined ? {} : { systemConfig }),
  };
}

async function configure(
  tree: FakeTree,
  systemConfig: ImageTemplate["systemConfig"],
  settings: Partial<ConfigureSystemOptions> = {},
) {
  const commands: (readonly string[])[] = [];
  const events: BuildEvent[] = [];
  await configureSystem(tree.host, {
    root: tree.root,
    template: template(systemConfig),
    templateDirectory: "/",
    buildKey: "key",
    sourceDateEpoch: EPOCH,
    repositories: [],
    runInImage: async (argv) => void commands.push(argv),
    emit: (event) => events.push(event),
    ...settings,
  });
  const read = (file: string): string => readFileSync(`${tree.root}${file}`, "utf8");
  return { commands, events, read };
}

describe("configureSystem()", () => {
  it("makes the configured system", async () => {
    using source = fakeTree({ "/motd": "hello" });
    using tree = fakeTree(INSTALLED);
    const { commands, read } = await configure(
      tree,
      {
        hostname: "edge",
        users: [{ name: "ada", password: "secret", sudo: true, sshAuthorizedKeys: ["ssh-ed25519 AAAA"] }],
        network: { interfaces: [{ name: "en*", dhcp4: true, nameservers: ["192.0.2.53"] }] },
        services: { enable: ["ssh"] },
        additionalFiles: [{ local: "motd", final: "/home/ada/motd", owner: "ada:sudo" }],
        configurations: [{ cmd: "true" }, { cmd: 'echo "$HOME"' }],
      },
      { templateDirectory: source.root, fstab: "PARTUUID=1 / ext4 defaults 0 1\n" },
    );
    expect(read("/etc/hostname")).toBe("edge\n");
    expect(read("/etc/fstab")).toContain("PARTUUID=1");
    expect(read("/etc/passwd")).toContain("ada:x:1000:1000::/home/ada:/bin/bash\n");
    expect(read("/etc/shadow")).toMatch(/^root:\*:20240:.*\nada:\$6\$[^:]{80,}:20240:/);
    expect(read("/home/ada/.ssh/authorized_keys")).toBe("ssh-ed25519 AAAA\n");
    expect(tree.owners.get("/home/ada/motd")).toBe("1000:27");
    expect(read("/etc/systemd/network/10-en_.network")).toContain("DHCP=ipv4");
    expect(read("/etc/machine-id")).toBe("");
    expect(readdirSync(`${tree.root}/etc/ssh`)).toEqual([]);
    expect(readdirSync(`${tree.root}/etc`)).not.toContain("passwd-");
    expect(readdirSync(`${tree.root}/var/log`)).toEqual([]);
    expect(lstatSync(`${tree.root}/etc/hostname`).mtimeMs).toBe(EPOCH * 1000);
    expect(commands).toEqual([
      ["systemctl", "--no-reload", "enable", "--", "systemd-networkd.service", "ssh.service"],
      ["bash", "-c", "true"],
      ["bash", "-c", 'echo "$HOME"'],
    ]);
  });

  it("runs scripts when units are set and before the commands, and gives directories to users", async () => {
    using source = fakeTree({ "/overlay/home/ada/notes": "", "/overlay/etc/app": "" });
    using tree = fakeTree({ ...INSTALLED, "/usr/share/systemd/kbd-model-map": "de de pc105 - -\n" });
    const { commands, read, events } = await configure(
      tree,
      {
        keyboard: { layout: "de" },
        groups: [{ name: "operators" }],
        users: [{ name: "ada", primaryGroup: "operators", passwordExpired: true }],
        services: { mask: ["ssh"] },
        additionalFiles: [
          { local: "overlay/home", final: "/home", owner: "ada" },
          { content: "mine\n", final: "/etc/vconsole.conf" },
        ],
        postInstallScripts: [{ name: "licence", inline: "#!/bin/bash\n", arguments: ["x"] }],
        configurations: [{}, { cmd: "true" }],
      },
      { templateDirectory: source.root },
    );
    expect(commands).toEqual([
      ["systemctl", "--no-reload", "mask", "--", "ssh.service"],
      ["/bin/bash", "/run/os-image-composer/script", "x"],
      ["bash", "-c", "true"],
    ]);
    expect(read("/etc/shadow")).toContain("ada:!:0:");
    expect(tree.owners.get("/home/ada/notes")).toBe("1000:1000");
    expect(read("/etc/vconsole.conf")).toBe("mine\n");
    expect(events).toContainEqual(expect.objectContaining({ message: 'Running script "licence"' }));
  });

  it("makes of an RPM system one as its distribution would", async () => {
    using tree = fakeTree({
      "/bin/bash": "",
      "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
      "/etc/shadow": "root:*:1:0:99999:7:::\n",
      "/etc/group": "root:x:0:\nwheel:x:10:\n",
      "/etc/gshadow": "root:::\nwheel:::\n",
      "/etc/default/useradd": "",
      "/etc/sudoers": "# %wheel ALL=(ALL) ALL\n",
      "/usr/bin/sudo": "",
      "/usr/bin/loadkeys": "",
      "/usr/share/zoneinfo/Europe/Berlin": "",
      "/etc/selinux/targeted/policy/policy.33": "",
    });
    const { read, events } = await configure(tree, {
      timezone: "Europe/Berlin",
      locale: "C.UTF-8",
      keyboard: { layout: "de" },
      selinux: { mode: "permissive" },
      users: [{ name: "ada", sudo: true }],
    });
    expect(readlinkSync(`${tree.root}/etc/localtime`)).toBe("/usr/share/zoneinfo/Europe/Berlin");
    expect(read("/etc/locale.conf")).toBe("LANG=C.UTF-8\n");
    expect(read("/etc/vconsole.conf")).toContain("XKBLAYOUT=de\n");
    expect(read("/etc/group")).toContain("wheel:x:10:ada\n");
    expect(read("/etc/sudoers.d/90-os-image-composer")).toMatch(/^# ada\n#\d+ ALL=\(ALL:ALL\) NOPASSWD: ALL\n$/);
    expect(read("/etc/selinux/config")).toContain("SELINUX=permissive\n");
    expect(readdirSync(`${tree.root}/etc/default`)).toEqual(["useradd"]);
    expect(readdirSync(`${tree.root}/etc`)).not.toContain("timezone");
    expect(events.filter(({ type }) => type === "warning")).toEqual([]);
  });

  it("does not depend on the umask", async () => {
    const modes: string[] = [];
    for (const umask of [0o022, 0o077]) {
      using source = fakeTree({ "/d/x": "" });
      using tree = fakeTree(INSTALLED);
      const before = process.umask(umask);
      try {
        await configure(
          tree,
          { users: [{ name: "ada", home: "/srv/people/ada" }], additionalFiles: [{ local: "d", final: "/opt/a/b" }] },
          { templateDirectory: source.root },
        );
      } finally {
        process.umask(before);
      }
      const made = ["/srv/people", "/srv/people/ada", "/srv/people/ada/.profile", "/opt/a", "/opt/a/b", "/opt/a/b/x"];
      modes.push(made.map((path) => (lstatSync(tree.root + path).mode & 0o7777).toString(8)).join(" "));
    }
    expect(modes[0]).toMatch(/^755 700 \d+ 755 755 644$/);
    expect(modes[1]).toBe(modes[0]);
  });

  it("gives the same files whenever it runs", async () => {
    const texts = [];
    for (let run = 0; run < 2; run += 1) {
      using tree = fakeTree(INSTALLED);
      const { read } = await configure(tree, { users: [{ name: "ada", password: "secret" }] });
      texts.push(["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"].map(read).join("\n"));
    }
    expect(texts[0]).toBe(texts[1]);
  });

  it("does not replace a file that the template brings", async () => {
    using source = fakeTree({ "/hosts": "192.0.2.1 mine\n", "/key": "meant" });
    using tree = fakeTree(INSTALLED);
    const additionalFiles = [
      { local: "hosts", final: "/etc/hosts" },
      { local: "key", final: "/etc/ssh/ssh_host_rsa_key", mode: "0600" },
    ];
    const { read } = await configure(tree, { hostname: "edge", additionalFiles }, { templateDirectory: source.root });
    expect(read("/etc/hosts")).toBe("192.0.2.1 mine\n");
    expect(read("/etc/ssh/ssh_host_rsa_key")).toBe("meant");
  });

  it("names the command that failed, with its output", async () => {
    using tree = fakeTree(INSTALLED);
    const failing = async () => {
      throw new ComposerError("HOST_PROGRAM_FAILED", 'Cannot run "bash": it ended with exit code 7', {
        details: ["no such thing"],
      });
    };
    const tried = configure(tree, { configurations: [{ cmd: "nonsense" }] }, { runInImage: failing });
    await expect(tried).rejects.toMatchObject({
      code: "CONFIGURATION_COMMAND_FAILED",
      message: 'Cannot run the command of "systemConfig.configurations[0]": it ended with exit code 7',
      details: ["named at systemConfig.configurations[0]", "$ nonsense", "no such thing"],
    });
  });

  it("refuses a shell that nothing brought, but takes one that a command made", async () => {
    using tree = fakeTree(INSTALLED);
    const systemConfig = {
      users: [{ name: "kiosk", startupScript: "/usr/bin/kiosk" }],
      configurations: [{ cmd: "x" }],
    };
    await expect(configure(tree, systemConfig)).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      details: ["named at systemConfig.users[0].startupScript"],
    });
    using other = fakeTree({ ...INSTALLED, "/usr/bin/x": "" });
    const runInImage = async () => writeFileSync(`${other.root}/usr/bin/kiosk`, "");
    await expect(configure(other, systemConfig, { runInImage })).resolves.toBeDefined();
  });

  it("warns when sudo is wanted and not installed", async () => {
    using tree = fakeTree(INSTALLED);
    const { events } = await configure(tree, { users: [{ name: "ada", sudo: true }] });
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "TEMPLATE" }));
  });
});

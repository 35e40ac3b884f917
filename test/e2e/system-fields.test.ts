import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSerialSession } from "./support/serial-session.ts";
import { makeDirectory, REPOSITORY, run, succeed } from "./support/workshop.ts";

const COMPOSER = path.join(REPOSITORY, "os-image-composer");
const BOOT_TIMEOUT_MS = 15 * 60_000;
const isFull = process.env["OIC_TEST_FULL"] !== undefined;
/** The address that QEMU gives its first network card. */
const FIRST_CARD = "52:54:00:12:34:56";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEaP4/sffgPSF0hsWvq7lpEo9K6XFqG658f9dDcWhSG9 test";
const EPOCH = 1_760_000_000;
const EPOCH_DAY = Math.floor(EPOCH / 86_400);

/** One image with everything that a template can say about a system; a long test also boots it, on a larger disk. */
describe("an image with every field of the system", () => {
  let work: { path: string } & AsyncDisposable;
  let template: string;
  let root: string;
  const build = async (): Promise<string> => {
    const places = ["--work-dir", path.join(work.path, "work"), "--output", path.join(work.path, "out")];
    const argv = [COMPOSER, "build", template, "--mirror", "debian=host", "--verbose", ...places] as const;
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH) };
    const { exitCode, stderr } = await run([...argv], { cwd: work.path, env });
    expect(stderr).toMatch(/^INFO: Build completed successfully$/m);
    expect(exitCode).toBe(0);
    return stderr;
  };
  const image = () => path.join(work.path, "out/system-fields-1.0.0.raw");
  const inWork = (name: string) => path.join(work.path, name);
  const debugfs = (request: string) => succeed(["debugfs", "-R", request, root]);
  const read = (file: string) => debugfs(`cat ${file}`);
  /** Type, permission bits, owner and group, as numbers. */
  const attributesOf = async (file: string): Promise<string> => {
    const text = await debugfs(`stat ${file}`);
    const [, type, mode] = /Type: (\S+) +Mode: +(\d+)/.exec(text) ?? [];
    const [, user, group] = /User: +(\d+) +Group: +(\d+)/.exec(text) ?? [];
    return `${type} ${mode} ${user}:${group}`;
  };
  let log: string;

  beforeAll(async () => {
    work = await makeDirectory("system-fields-");
    template = await writeTemplate(path.join(work.path, "template"));
    log = await build();
    root = await extractRoot(image(), work.path);
  });
  afterAll(async () => work[Symbol.asyncDispose]());

  it("has the groups and users, with ids, homes, shells and ageing", async () => {
    const group = await read("/etc/group");
    expect(group).toContain("operators:x:2000:\n");
    expect(group).toContain("plotters:x:1000:Ada\n");
    expect(group).toMatch(/^sudo:x:27:Ada$/m);
    const passwd = await read("/etc/passwd");
    expect(passwd).toContain("Ada:x:1500:2000::/srv/people/ada:/bin/sh\n");
    expect(passwd).toContain("bob:x:1000:1001::/home/bob:/bin/bash\n");
    const shadow = await read("/etc/shadow");
    expect(shadow).toMatch(new RegExp(`^Ada:\\$6\\$[^:]+:${EPOCH_DAY}:2:90:14:::$`, "m"));
    expect(shadow).toMatch(/^bob:\$6\$[^:]+:0:0:99999:7:::$/m);
    expect(await attributesOf("/srv/people")).toBe("directory 0755 0:0");
    expect(await attributesOf("/srv/people/ada")).toBe("directory 0700 1500:2000");
    expect(await read("/srv/people/ada/.ssh/authorized_keys")).toBe(`${KEY}\n`);
    expect(await attributesOf("/srv/people/ada/.ssh/authorized_keys")).toBe("regular 0600 1500:2000");
  });

  it("has time zone, locale and keyboard", async () => {
    expect(await debugfs("stat /etc/localtime")).toContain('"/usr/share/zoneinfo/Europe/Berlin"');
    expect(await read("/etc/locale.conf")).toBe("LANG=C.UTF-8\n");
    expect(await read("/etc/vconsole.conf")).toMatch(/^KEYMAP=de-latin1-nodeadkeys\nXKBMODEL=pc105\nXKBLAYOUT=de$/m);
    expect(await read("/etc/default/keyboard")).toMatch(/XKBVARIANT="nodeadkeys"\nXKBOPTIONS="ctrl:nocaps"/);
  });

  it("has a netplan file that only root reads, and the units that carry it out", async () => {
    const file = "/etc/netplan/10-os-image-composer.yaml";
    expect(await attributesOf(file)).toBe("regular 0600 0:0");
    expect(await read(file)).toContain(`macaddress: ${FIRST_CARD}`);
    const enabled = await debugfs("ls -p /etc/systemd/system/multi-user.target.wants");
    expect(enabled).toContain("systemd-networkd.service");
    expect(await debugfs("stat /etc/systemd/system/ctrl-alt-del.target")).toContain('"/dev/null"');
  });

  it("has files, directories and links with their owners and modes", async () => {
    expect(await read("/etc/app.d/settings")).toBe("colour=blue\n");
    expect(await attributesOf("/etc/app.d/settings")).toBe("regular 0644 0:0");
    expect(await attributesOf("/usr/local/bin/greet")).toBe("regular 0755 1500:2000");
    expect(await debugfs("stat /etc/app.d/current")).toContain('Fast link dest: "settings"');
    expect(await attributesOf("/usr/local/bin")).toMatch(/^directory \d+ 0:0$/);
    expect(await read("/etc/motd")).toBe("Welcome\n");
    expect(await attributesOf("/var/lib/app")).toBe("directory 0750 1500:1000");
  });

  it("has translations of the languages that are asked for", async () => {
    const languages = await debugfs("ls -p /usr/share/locale");
    expect(languages).toMatch(/\/de\//);
    expect(languages).not.toMatch(/\/(fr|es|ja)\//);
    expect(await read("/etc/dpkg/dpkg.cfg.d/90-image")).toContain("path-include=/usr/share/locale/de/*\n");
  });

  it("ran the scripts before and after the installation", async () => {
    expect(log).toContain('Running script "leave manuals out"');
    expect(await debugfs("ls -p /usr/share/man/man1")).not.toMatch(/\.gz/);
    expect(await debugfs("ls -p /usr/share/doc/coreutils")).toContain("copyright");
    expect(await read("/etc/started-empty")).toBe("0 entries\n");
    expect(await read("/etc/finished")).toBe(`production ${EPOCH} / 2 two words 1500\n`);
    expect(await read("/etc/after")).toBe(`production ${EPOCH} / 2 two words 1500\n`);
    expect(await debugfs("ls -p /run")).not.toContain("os-image-composer");
  });

  it("has one unified kernel image to start from, with the command line that later kernels get", async () => {
    const esp = `${image()}@@${1024 ** 2}`;
    const listing = await succeed(["mdir", "-/", "-b", "-i", esp, "::/"]);
    const programs = listing.split("\n").filter((line) => /\/(Linux|entries)\/./.test(line));
    expect(programs).toEqual([expect.stringMatching(/^::\/EFI\/Linux\/debian-\d[^/]*\.efi$/) as string]);
    const [program = ""] = programs;
    const [unified, copy] = [inWork("unified"), inWork("copy")];
    await succeed(["mcopy", "-i", esp, program, unified]);
    const [cmdline, uname, initrd] = [inWork("cmdline"), inWork("uname"), inWork("initrd")];
    const sections = [`.cmdline=${cmdline}`, `.uname=${uname}`, `.initrd=${initrd}`];
    await succeed(["objcopy", ...sections.flatMap((section) => ["--dump-section", section]), unified, copy]);
    expect(`${await readFile(cmdline, "utf8")}\n`).toBe(await read("/etc/kernel/cmdline"));
    expect(program).toBe(`::/EFI/Linux/debian-${await readFile(uname, "utf8")}.efi`);
    // Its initrd has the files that were to be there first: the name of an entry follows its header, and ends in a zero.
    const search = `zstd -dcq "$1" | tr '\\0' '\\n' | grep -ac '^0707[0-9A-Fa-f]*etc/early$'`;
    expect(await succeed(["sh", "-c", search, "sh", initrd])).toBe("1\n");
    expect(await debugfs("ls -p /boot")).not.toContain("initrd");
  });

  it("lets the last partition grow", async () => {
    expect(await read("/etc/fstab")).toMatch(/ \/ ext4 \S*,x-systemd\.growfs 0 1$/m);
    expect(await read("/etc/repart.d/50-partition-2.conf")).toBe(
      "[Partition]\nType=4f68bce3-e8cd-4db1-96e7-fbcaf984b709\n",
    );
    expect(await read("/etc/kernel/cmdline")).toMatch(/ selinux=0$/m);
  });

  it("is made anew from where one byte of a file goes in", async () => {
    await writeFile(path.join(work.path, "template/overlay/etc/app.d/settings"), "colour=bluf\n");
    const afterFile = await build();
    expect(afterFile).toContain("Creating raw disk image");
    expect(afterFile).not.toMatch(/Building the initrd|Installing packages/);
    await writeFile(path.join(work.path, "template/early"), "earliest\n");
    const afterEarly = await build();
    expect(afterEarly).toContain("Building the initrd");
    expect(afterEarly).not.toMatch(/Installing packages/);
    expect(await build()).toContain("Reusing image");
  });

  it("is not made when its initrd, which is built beside it, cannot be", async () => {
    const before = await readFile(template, "utf8");
    await writeFile(template, before.replace('install_items+=" /etc/early "', 'add_dracutmodules+=" nowhere "'));
    const workDirectory = path.join(work.path, "work");
    const argv = [COMPOSER, "build", template, "--mirror", "debian=host", "--work-dir", workDirectory] as const;
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH) };
    const { exitCode, stderr } = await run([...argv], { cwd: work.path, env });
    await writeFile(template, before);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^ERROR: Cannot build the initrd of kernel \S+: "dracut" ended with exit code 1$/m);
    expect(stderr).toContain("nowhere");
    const target = path.join(workDirectory, "debian-debian13-x86_64/imagebuild/system-fields");
    const left = (await readdir(target)).filter((name) => name.startsWith("."));
    expect(left.sort()).toEqual([".lock", ".records"]);
    expect(await build()).toContain("Reusing image");
  });

  it("boots on a larger disk, as the template says", { timeout: 20 * 60_000 }, async ({ skip }) => {
    if (!isFull) skip("it is one of the long tests (npm run test:full)");
    const larger = path.join(work.path, "larger.raw");
    await succeed(["cp", "--sparse=always", image(), larger]);
    await succeed(["truncate", "--size=4G", larger]);
    const nonce = randomBytes(8).toString("hex");
    const session = openSerialSession({
      argv: [COMPOSER, "boot", larger, ...reportCredentials(nonce)],
      cwd: work.path,
    });
    try {
      const [report] = await session.waitFor(new RegExp(`REPORT ${nonce}[^]*?END ${nonce}`), BOOT_TIMEOUT_MS);
      const lines = report.split(/\r*\n/);
      const value = (name: string) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
      expect(value("id")).toBe(
        "uid=1500(Ada) gid=2000(operators) groups=2000(operators),4(adm),27(sudo),1000(plotters)",
      );
      expect(value("max")).toBe("90");
      expect(value("expired")).toBe("password must be changed");
      expect(value("sudo")).toBe("(ALL : ALL) ALL");
      expect(value("mtu")).toBe("1400");
      expect(value("masked")).toBe("masked");
      expect(value("stub")).toMatch(/^systemd-stub/);
      expect(value("zone")).toMatch(/^CES?T$/);
      expect(value("keymap")).toBe("de");
      expect(Number(value("rootMiB"))).toBeGreaterThan(3000);
      expect(value("failed")).toBe("0");
    } finally {
      await session.close();
    }
  });
});

async function writeTemplate(directory: string): Promise<string> {
  await mkdir(path.join(directory, "overlay/etc/app.d"), { recursive: true });
  await mkdir(path.join(directory, "overlay/usr/local/bin"), { recursive: true });
  await writeFile(path.join(directory, "overlay/etc/app.d/settings"), "colour=blue\n");
  await symlink("settings", path.join(directory, "overlay/etc/app.d/current"));
  await writeFile(path.join(directory, "overlay/usr/local/bin/greet"), "#!/bin/sh\necho hello\n");
  await chmod(path.join(directory, "overlay/usr/local/bin/greet"), 0o700);
  await writeFile(path.join(directory, "early"), "early\n");
  await writeFile(
    path.join(directory, "finish.sh"),
    '#!/bin/bash -eu\necho "$STAGE $SOURCE_DATE_EPOCH $IMAGE_ROOT $# $2 $(id -u Ada)" >/etc/finished\n',
  );
  const template = path.join(directory, "system-fields.yml");
  await writeFile(
    template,
    `image: { name: system-fields, version: "1.0.0" }
target: { os: debian, dist: debian13, arch: x86_64, imageType: raw }
disk:
  extendLastPartitionToFillDisk: true
systemConfig:
  name: system-fields
  hostname: fields
  timezone: Europe/Berlin
  locale: C.UTF-8
  keyboard: { layout: de, variant: nodeadkeys, options: "ctrl:nocaps" }
  selinux: { mode: disabled }
  # An emulated machine on a busy host may take minutes to find its disks.
  kernel: { cmdline: "console=tty0 console=ttyS0,115200 systemd.default_device_timeout_sec=900", uki: true }
  packages: [sudo, tzdata, netplan.io, systemd-repart, console-setup]
  groups:
    - { name: operators, gid: 2000 }
    - { name: plotters }
  users:
    - name: Ada
      password: secret
      uid: 1500
      primaryGroup: operators
      groups: [plotters, adm]
      sudo: true
      home: /srv/people/ada
      shell: /bin/sh
      passwordMinAge: 2
      passwordMaxAge: 90
      passwordWarnAge: 14
      sshAuthorizedKeys: ["${KEY}"]
    - { name: bob, password: secret, passwordExpired: true }
  network:
    backend: netplan
    interfaces:
      - name: uplink
        macAddress: ${FIRST_CARD}
        dhcp4: true
        mtu: 1400
        searchDomains: [example.com]
      - name: dummy*
        addresses: [192.0.2.10/24]
        nameservers: [192.0.2.53]
        routes: [{ to: 198.51.100.0/24, via: 192.0.2.1, metric: 300 }]
  services:
    mask: [ctrl-alt-del.target]
  additionalFiles:
    - { local: overlay/etc, final: /etc }
    - { local: overlay/usr, final: /usr, owner: Ada }
    - { content: "Welcome\\n", final: /etc/motd }
    - { directory: true, final: /var/lib/app, owner: "Ada:plotters", mode: "0750" }
    - { local: early, final: /etc/early, stage: pre-initramfs }
    - { content: 'install_items+=" /etc/early "', final: /etc/dracut.conf.d/early.conf, stage: pre-initramfs }
  packageFiles: { locales: [de] }
  preInstallScripts:
    - name: leave manuals out
      arguments: [/usr/share/man]
      inline: |
        #!/bin/sh -eu
        count=$(ls -A "$IMAGE_ROOT" | wc -l)
        mkdir -p "$IMAGE_ROOT/etc/dpkg/dpkg.cfg.d"
        echo "path-exclude=$1/*" >"$IMAGE_ROOT/etc/dpkg/dpkg.cfg.d/no-manuals"
        echo "$count entries" >"$IMAGE_ROOT/etc/started-empty"
  postInstallScripts:
    - { file: finish.sh, arguments: [one, two words], environment: { STAGE: production } }
  configurations:
    - cmd: cp /etc/finished /etc/after
`,
  );
  return template;
}

async function extractRoot(image: string, directory: string): Promise<string> {
  const { partitiontable } = JSON.parse(await succeed(["sfdisk", "--json", image])) as {
    partitiontable: { partitions: { name: string; start: number; size: number }[] };
  };
  const { start = 0, size = 0 } = partitiontable.partitions.find(({ name }) => name === "rootfs") ?? {};
  const file = path.join(directory, "rootfs");
  const position = [`skip=${start * 512}`, `count=${size * 512}`, "iflag=skip_bytes,count_bytes"];
  await succeed(["dd", `if=${image}`, `of=${file}`, "bs=4M", "conv=sparse", "status=none", ...position]);
  await succeed(["truncate", "-s", String(size * 512), file]);
  return file;
}

/** A unit that tells on the serial line what has become of the template. @see systemd.system-credentials(7) */
function reportCredentials(nonce: string): string[] {
  const script = [
    `systemctl is-system-running --wait`,
    `exec >/dev/ttyS0`,
    `echo "REPORT ${nonce}"`,
    `echo "id=$(id Ada)"`,
    `echo "max=$(chage -l Ada | sed -n 's/^Maximum.*: //p')"`,
    `echo "expired=$(chage -l bob | sed -n 's/^Last password change.*: //p')"`,
    `echo "sudo=$(sudo -l -U Ada | tail -n 1 | xargs -0 echo -n | sed 's/^ *//')"`,
    // netplan says how large packets are in a file that also takes the name of the distribution from the card.
    `echo "mtu=$(cat /sys/class/net/e*/mtu)"`,
    `echo "masked=$(systemctl is-enabled ctrl-alt-del.target)"`,
    // What started the kernel leaves its name in a variable of the firmware. @see systemd-stub(7)
    `echo "stub=$(tr -cd 'a-z-' </sys/firmware/efi/efivars/StubInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f)"`,
    `echo "zone=$(date +%Z)"`,
    `echo "keymap=$(localectl | sed -n 's/^ *X11 Layout: //p')"`,
    `echo "rootMiB=$(df --output=size -m / | tail -n 1 | tr -d ' ')"`,
    `echo "failed=$(systemctl --failed --no-legend --plain | wc -l)"`,
    `echo "END ${nonce}"`,
  ].join("\n");
  const program = Buffer.from(script).toString("base64");
  const unit = `[Unit]\nDescription=Report\n[Service]\nType=exec\nExecStart=/bin/sh -c 'echo ${program} | base64 -d | sh'\n`;
  return [
    ...["--credential", `systemd.extra-unit.report.service=${unit}`],
    ...["--credential", "systemd.unit-dropin.multi-user.target=[Unit]\nWants=report.service\n"],
  ];
}

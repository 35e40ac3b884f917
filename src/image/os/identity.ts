import { ComposerError, nearestOf } from "../../core/index.ts";
import type { ImageTree } from "./image-tree.ts";
import { type TreeChange, removal, rootFile, symlink } from "./tree-change.ts";

/** /etc/hostname and /etc/hosts; without a name the system takes its own default at boot. */
export function planHostname(hostname: string | undefined): TreeChange[] {
  const hosts = [
    "127.0.0.1\tlocalhost",
    ...(hostname === undefined ? [] : [`127.0.1.1\t${hostNames(hostname)}`]),
    "",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
  ];
  return [
    // The name of the machine that builds must not stay in the image.
    hostname === undefined ? removal("/etc/hostname") : rootFile("/etc/hostname", `${hostname}\n`),
    rootFile("/etc/hosts", `${hosts.join("\n")}\n`),
  ];
}

/** The full name comes first, then the name alone. @see hosts(5) */
function hostNames(hostname: string): string {
  const [first = hostname] = hostname.split(".");
  return first === hostname ? hostname : `${hostname} ${first}`;
}

const ZONEINFO = "/usr/share/zoneinfo";

/**
 * /etc/localtime, and /etc/timezone where the image has one or dpkg.
 *
 * @throws {TEMPLATE_INVALID} the image has no such time zone
 * @see localtime(5)
 */
export async function planTimezone(tree: ImageTree, timezone: string): Promise<TreeChange[]> {
  const isUtc = ["UTC", "Etc/UTC"].includes(timezone);
  const wellFormed = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(timezone);
  const installed = wellFormed && (await tree.target(`${ZONEINFO}/${timezone}`))?.kind === "file";
  if (!installed && !isUtc) throw await unknownZone(tree, timezone);
  const usesTimezoneFile = (await tree.exists("/etc/timezone")) || (await tree.exists("/var/lib/dpkg/status"));
  return [
    // Without the file the time zone is UTC, which needs no zone data.
    installed ? symlink("/etc/localtime", `${ZONEINFO}/${timezone}`) : removal("/etc/localtime"),
    ...(usesTimezoneFile ? [rootFile("/etc/timezone", `${timezone}\n`)] : []),
  ];
}

async function unknownZone(tree: ImageTree, timezone: string): Promise<ComposerError> {
  const zones = await installedZones(tree);
  const near = nearestOf(timezone, zones);
  const hint =
    zones.length === 0
      ? 'Add "tzdata" to systemConfig.packages'
      : near === undefined
        ? 'Name a zone of the tz database such as Europe/Berlin; old names are in the package "tzdata-legacy"'
        : `Did you mean "${near}"?`;
  return new ComposerError("TEMPLATE_INVALID", `Cannot set the time zone "${timezone}": the image has no such zone`, {
    hint,
    details: ["named at systemConfig.timezone"],
  });
}

/** The names in tzdata's own list. @see zic(8), the input format */
async function installedZones(tree: ImageTree): Promise<string[]> {
  const text = (await tree.readText(`${ZONEINFO}/tzdata.zi`)) ?? "";
  return text.split("\n").flatMap((line) => {
    const [kind, first, second] = line.split(" ");
    const name = kind === "Z" ? first : kind === "L" ? second : undefined;
    return name === undefined ? [] : [name];
  });
}

export interface LocalePlan {
  readonly changes: readonly TreeChange[];
  /** Programs to run in the image, after the changes. */
  readonly commands: readonly (readonly [string, ...string[]])[];
}

/**
 * /etc/locale.conf, with Debian's older name as a link to it; generates the locale where the tools for it are there.
 *
 * @throws {TEMPLATE_INVALID} the image neither has the locale nor can generate it
 * @see locale.conf(5)
 */
export async function planLocale(tree: ImageTree, locale: string): Promise<LocalePlan> {
  const settings = [
    rootFile("/etc/locale.conf", `LANG=${locale}\n`),
    // Debian's login programs read it there.
    ...((await tree.exists("/var/lib/dpkg/status")) ? [symlink("/etc/default/locale", "../locale.conf")] : []),
  ];
  const wellFormed = /^[A-Za-z0-9_]+(\.[A-Za-z0-9-]+)?(@[A-Za-z0-9]+)?$/.test(locale);
  if (wellFormed && (await hasLocale(tree, locale))) return { changes: settings, commands: [] };
  const supported = (await tree.readText("/usr/share/i18n/SUPPORTED")) ?? "";
  const line = supported.split("\n").find((entry) => entry.split(" ")[0] === locale);
  if (wellFormed && line !== undefined && (await tree.exists("/usr/sbin/locale-gen"))) {
    return { changes: [...settings, rootFile("/etc/locale.gen", `${line}\n`)], commands: [["locale-gen"]] };
  }
  const names = supported.split("\n").flatMap((entry) => entry.split(" ")[0] ?? []);
  const near = nearestOf(locale, names);
  const hint =
    supported === ""
      ? 'Take C.UTF-8, or add "locales" (glibc-langpack-… on RPM systems) to systemConfig.packages'
      : near === undefined
        ? "Name a locale of /usr/share/i18n/SUPPORTED, for example de_DE.UTF-8"
        : `Did you mean "${near}"?`;
  throw new ComposerError("TEMPLATE_INVALID", `Cannot set the locale "${locale}": the image has no such locale`, {
    hint,
    details: ["named at systemConfig.locale"],
  });
}

async function hasLocale(tree: ImageTree, locale: string): Promise<boolean> {
  // In the C library itself.
  if (["C", "POSIX", "C.UTF-8", "C.utf8"].includes(locale)) return true;
  const normalized = locale.replace(/\.[^@]+/, (charset) => charset.toLowerCase().replaceAll("-", ""));
  for (const name of [locale, normalized]) {
    if (await tree.exists(`/usr/lib/locale/${name}/LC_CTYPE`)) return true;
  }
  // The package of all locales keeps them in one archive, and so does what the locale tools made.
  const archive = await tree.readText("/usr/lib/locale/locale-archive");
  return archive?.includes(`\0${normalized}\0`) ?? false;
}

/**
 * Empties what must differ between two machines that start from the same image: the machine id, the random seed.
 *
 * An empty /etc/machine-id makes the next boot give the machine an id without being a "first boot": that would ask
 * questions on the console and enable every unit of the distribution's presets, also those that the template disables.
 *
 * @see machine-id(5), "First Boot Semantics"
 */
export async function planMachineIdentity(tree: ImageTree): Promise<TreeChange[]> {
  return [
    rootFile("/etc/machine-id", "", 0o444),
    ...((await tree.exists("/var/lib/dbus")) ? [symlink("/var/lib/dbus/machine-id", "/etc/machine-id")] : []),
    removal("/var/lib/systemd/random-seed"),
    removal("/var/lib/systemd/credential.secret"),
  ];
}

const HOST_KEYS_UNIT = "ssh-host-keys.service";

/**
 * Removes SSH host keys and has new ones made before the SSH server starts.
 *
 * The unit is our own: Debian 12 has none, and Debian 13's runs at a "first boot" only.
 */
export async function planSshHostKeys(tree: ImageTree): Promise<TreeChange[]> {
  const names = (await tree.list("/etc/ssh")).filter((name) => /^ssh_host_.*key(\.pub)?$/.test(name));
  const removals = names.map((name) => removal(`/etc/ssh/${name}`));
  if (!(await tree.exists("/usr/sbin/sshd")) || !(await tree.exists("/usr/bin/ssh-keygen"))) return removals;
  const unit = `/etc/systemd/system/${HOST_KEYS_UNIT}`;
  const starters: string[] = [];
  for (const starter of ["ssh.service", "ssh.socket", "sshd.service", "sshd.socket"]) {
    if ((await tree.stat(`/usr/lib/systemd/system/${starter}`))?.kind === "file") starters.push(starter);
  }
  return [
    ...removals,
    rootFile(unit, HOST_KEYS_UNIT_TEXT),
    ...starters.map((starter) => symlink(`/etc/systemd/system/${starter}.wants/${HOST_KEYS_UNIT}`, unit)),
  ];
}

const HOST_KEYS_UNIT_TEXT = `[Unit]
Description=Generate the SSH host keys that are missing
ConditionPathIsReadWrite=/etc/ssh
Before=ssh.service ssh.socket sshd.service sshd.socket

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=ssh.service ssh.socket sshd.service sshd.socket
`;

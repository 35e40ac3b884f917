import { nearestOf } from "../../../core/index.ts";
import type { DocumentPath, Finding } from "../../document/index.ts";
import type { SystemConfigSection } from "../schema/index.ts";

const GROUP_NAME = /^[a-z_][a-z0-9._-]{0,31}$/;

/** Groups of base systems and of the packages that nearly every image has. */
const KNOWN_GROUPS: ReadonlySet<string> = new Set(
  (
    "root daemon bin sys adm tty disk lp mail news uucp man proxy kmem dialout fax voice cdrom floppy tape sudo audio dip " +
    "www-data backup operator list irc src shadow utmp video sasl plugdev staff games users nogroup nobody wheel lock " +
    "ftp mem cdrom utempter input sgx kvm render crontab netdev ssh sshd messagebus dbus tss docker libvirt lpadmin " +
    "systemd-journal systemd-network systemd-resolve systemd-timesync systemd-coredump systemd-oom wireshark i2c gpio spi"
  ).split(" "),
);

/** Groups have ids of their own, and users are in groups that there are. */
export function checkGroups({ groups = [], users = [] }: SystemConfigSection): Finding[] {
  const declared = [...groups.map(({ name }) => name), ...users.map(({ name }) => name)];
  const checkName = (name: string, path: DocumentPath): Finding[] => {
    if (!GROUP_NAME.test(name)) return [{ path, message: `${JSON.stringify(name)} can be no name of a group` }];
    return declared.includes(name) || KNOWN_GROUPS.has(name) ? [] : [unknownGroup(name, path, groups)];
  };
  return [
    ...checkIds(groups),
    ...users.flatMap(({ primaryGroup, groups: further = [] }, index) => {
      const path = ["systemConfig", "users", index];
      return [
        ...(primaryGroup === undefined ? [] : checkName(primaryGroup, [...path, "primaryGroup"])),
        ...further.flatMap((name, item) => checkName(name, [...path, "groups", item])),
      ];
    }),
  ];
}

function checkIds(groups: NonNullable<SystemConfigSection["groups"]>): Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<number, string>();
  for (const [index, { name, gid }] of groups.entries()) {
    if (gid === undefined) continue;
    const path = ["systemConfig", "groups", index, "gid"];
    const owner = owners.get(gid);
    if (owner !== undefined) findings.push({ path, message: `group id ${gid} is already that of "${owner}"` });
    else if (name === "root" && gid !== 0) findings.push({ path, message: 'the group id of "root" is always 0' });
    else if (name !== "root" && gid === 0) findings.push({ path, message: 'group id 0 belongs to "root" alone' });
    owners.set(gid, name);
  }
  return findings;
}

/** A package may bring the group; but one that nearly has the name of a group of the template is misspelt. */
function unknownGroup(name: string, path: DocumentPath, groups: NonNullable<SystemConfigSection["groups"]>): Finding {
  const near = nearestOf(
    name,
    groups.map((group) => group.name),
  );
  if (near !== undefined) {
    return { path, message: `group "${name}" is not described under "groups"`, hint: `Did you mean "${near}"?` };
  }
  const meant = nearestOf(name, KNOWN_GROUPS);
  const hint = meant === undefined ? 'Describe it under "groups" if none does' : `Did you mean "${meant}"?`;
  return { path, message: `group "${name}" has to come from a package`, hint, severity: "warning" };
}

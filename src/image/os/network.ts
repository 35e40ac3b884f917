import type { NetworkInterfaceSection, NetworkSection } from "../../config/index.ts";
import { ComposerError } from "../../core/index.ts";
import type { ImageTree } from "./image-tree.ts";
import { netplanText } from "./netplan.ts";
import { networkdFiles } from "./networkd.ts";
import { type TreeChange, rootFile, symlink } from "./tree-change.ts";

export interface NetworkPlan {
  readonly changes: readonly TreeChange[];
  /** Units to enable. */
  readonly units: readonly string[];
  readonly warnings: readonly string[];
}

const RESOLVED = "systemd-resolved.service";
const STUB = "../run/systemd/resolve/stub-resolv.conf";

/**
 * Plans what configures the network: files of systemd-networkd or netplan, and who resolves names.
 *
 * Without systemd-resolved the nameservers go to /etc/resolv.conf; those that DHCP offers are then not used.
 *
 * @throws {TEMPLATE_INVALID} netplan is asked for and not installed, or a value has blanks or line breaks in it
 */
export async function planNetwork(tree: ImageTree, network: NetworkSection): Promise<NetworkPlan> {
  const interfaces = network.interfaces ?? [];
  interfaces.forEach(checkWords);
  const resolved = await hasUnit(tree, RESOLVED);
  const warnings: string[] = [];
  const changes: TreeChange[] = [];

  if (network.backend === "netplan") {
    if (!(await tree.exists("/usr/sbin/netplan"))) {
      throw new ComposerError("TEMPLATE_INVALID", "Cannot configure the network with netplan: it is not installed", {
        hint: 'Add "netplan.io" to systemConfig.packages, or take systemd-networkd',
        details: ["named at systemConfig.network.backend"],
      });
    }
    // netplan complains about files that others may read: they may hold Wi-Fi passwords.
    changes.push(rootFile("/etc/netplan/10-os-image-composer.yaml", netplanText(interfaces), 0o600));
  } else {
    changes.push(...networkdFiles(interfaces));
  }

  if (resolved) {
    changes.push(symlink("/etc/resolv.conf", STUB));
  } else {
    const servers = [...new Set(interfaces.flatMap(({ nameservers = [] }) => nameservers))];
    const domains = [...new Set(interfaces.flatMap(({ searchDomains = [] }) => searchDomains))];
    if (servers.length > 0) {
      const search = domains.length === 0 ? "" : `search ${domains.join(" ")}\n`;
      const lines = servers.map((server) => `nameserver ${server}\n`).join("");
      changes.push(rootFile("/etc/resolv.conf", `${search}${lines}`));
    } else if (interfaces.some(({ dhcp4, dhcp6 }) => dhcp4 === true || dhcp6 === true)) {
      warnings.push(
        'Names will not be resolved: "systemd-resolved" is not installed, and systemConfig.network names no nameservers',
      );
    }
  }
  return { changes, units: ["systemd-networkd.service", ...(resolved ? [RESOLVED] : [])], warnings };
}

/** Tells whether a systemd unit file is installed. */
export async function hasUnit(tree: ImageTree, unit: string): Promise<boolean> {
  for (const directory of UNIT_DIRECTORIES) {
    if ((await tree.stat(`${directory}/${unit}`)) !== undefined) return true;
  }
  return false;
}

/** Where unit files are, in the order in which systemd looks. @see systemd.unit(5) */
export const UNIT_DIRECTORIES = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"] as const;

function checkWords(section: NetworkInterfaceSection, index: number): void {
  const { name, addresses = [], nameservers = [], searchDomains = [], routes = [] } = section;
  const values: readonly (readonly [field: string, value: string])[] = [
    ["name", name],
    ...addresses.map((address, at) => [`addresses[${at}]`, address] as const),
    ...nameservers.map((server, at) => [`nameservers[${at}]`, server] as const),
    ...searchDomains.map((domain, at) => [`searchDomains[${at}]`, domain] as const),
    ...routes.flatMap(({ to, via }, at) => [[`routes[${at}].to`, to] as const, [`routes[${at}].via`, via] as const]),
  ];
  for (const [field, value] of values) {
    if (/^[\x21-\x7e]+$/.test(value)) continue;
    // More than a word would become settings that the template does not show.
    throw new ComposerError(
      "TEMPLATE_INVALID",
      `Cannot use ${JSON.stringify(value)} in a network file: it is no word`,
      {
        details: [`named at systemConfig.network.interfaces[${index}].${field}`],
      },
    );
  }
}

import { stringify } from "yaml";
import type { NetworkInterfaceSection } from "../../config/index.ts";

/** A netplan file for systemd-networkd. @see netplan(5) */
export function netplanText(interfaces: readonly NetworkInterfaceSection[]): string {
  const ethernets = Object.fromEntries(interfaces.map((section, index) => [idOf(section, index), settingsOf(section)]));
  return stringify({ network: { version: 2, renderer: "networkd", ethernets } });
}

/** A name that exists is its own id; what is matched by something else gets one that no interface has. */
function idOf(section: NetworkInterfaceSection, index: number): string {
  return matchOf(section) === undefined ? section.name : `template-interface-${index}`;
}

function matchOf({ name, macAddress }: NetworkInterfaceSection): Readonly<Record<string, string>> | undefined {
  if (macAddress !== undefined) return { macaddress: macAddress.toLowerCase() };
  return /[*?[\]]/.test(name) ? { name } : undefined;
}

function settingsOf(section: NetworkInterfaceSection): Readonly<Record<string, unknown>> {
  const { dhcp4 = false, dhcp6 = false, addresses = [], routes = [], mtu } = section;
  const { nameservers = [], searchDomains = [] } = section;
  const match = matchOf(section);
  const resolving = {
    ...(nameservers.length === 0 ? {} : { addresses: [...nameservers] }),
    ...(searchDomains.length === 0 ? {} : { search: [...searchDomains] }),
  };
  return {
    ...(match === undefined ? {} : { match }),
    ...(mtu === undefined ? {} : { mtu }),
    dhcp4,
    dhcp6,
    ...(addresses.length === 0 ? {} : { addresses: [...addresses] }),
    ...(routes.length === 0 ? {} : { routes: routes.map((route) => ({ ...route })) }),
    ...(Object.keys(resolving).length === 0 ? {} : { nameservers: resolving }),
  };
}

import type { NetworkInterfaceSection } from "../../config/index.ts";
import type { RouteSection } from "./sections.ts";
import { type TreeChange, rootFile } from "./tree-change.ts";

/** One .network file for each interface, numbered so that the template's order decides which one matches first. */
export function networkdFiles(interfaces: readonly NetworkInterfaceSection[]): TreeChange[] {
  return interfaces.map((section, index) =>
    rootFile(`/etc/systemd/network/${networkFileName(section.name, index)}`, networkdText(section)),
  );
}

export function networkFileName(name: string, index: number): string {
  return `${10 + index}-${name.replaceAll(/[^A-Za-z0-9.-]/g, "_")}.network`;
}

/** A .network file. @see systemd.network(5) */
export function networkdText(section: NetworkInterfaceSection): string {
  const { name, macAddress, mtu, addresses = [], nameservers = [], searchDomains = [], routes = [] } = section;
  const sections = [
    // Bridges and VLANs have the address of the interface below them.
    ["[Match]", ...(macAddress === undefined ? [`Name=${name}`] : [`MACAddress=${macAddress}`, "Type=ether"])],
    ...(mtu === undefined ? [] : [["[Link]", `MTUBytes=${mtu}`]]),
    [
      "[Network]",
      `DHCP=${dhcpMode(section)}`,
      ...addresses.map((address) => `Address=${address}`),
      ...nameservers.map((server) => `DNS=${server}`),
      ...(searchDomains.length === 0 ? [] : [`Domains=${searchDomains.join(" ")}`]),
    ],
    ...routes.map(routeLines),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function routeLines({ to, via, metric }: RouteSection): string[] {
  return [
    "[Route]",
    `Gateway=${via}`,
    ...(to === "default" ? [] : [`Destination=${to}`]),
    ...(metric === undefined ? [] : [`Metric=${metric}`]),
  ];
}

function dhcpMode({ dhcp4 = false, dhcp6 = false }: NetworkInterfaceSection): string {
  if (dhcp4 && dhcp6) return "yes";
  return dhcp4 ? "ipv4" : dhcp6 ? "ipv6" : "no";
}

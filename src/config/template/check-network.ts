import type { Finding } from "../document/index.ts";
import { cidrFamilyOf, ipFamilyOf } from "./ip-address.ts";
import type { NetworkInterfaceSection, NetworkSection } from "./schema/index.ts";

const INTERFACES = ["systemConfig", "network", "interfaces"] as const;
/** The name goes into file names and into a `[Match]` section. */
const INTERFACE_NAME = /^[A-Za-z0-9_.@*?[\]!-]+$/;

/** Interfaces: names, addresses, routes and name servers; DHCP and static addresses exclude each other. */
export function checkNetwork(network: NetworkSection | undefined): Finding[] {
  const interfaces = network?.interfaces ?? [];
  const names = interfaces.map(({ name }) => name);
  return interfaces.flatMap((link, index) => [
    ...(names.indexOf(link.name) < index
      ? [{ path: [...INTERFACES, index, "name"], message: `interface "${link.name}" is already configured above` }]
      : []),
    ...checkInterface(link, [...INTERFACES, index]),
  ]);
}

function checkInterface(link: NetworkInterfaceSection, path: readonly (string | number)[]): Finding[] {
  const { name, dhcp4 = false, dhcp6 = false, addresses = [], routes = [], nameservers = [] } = link;
  const findings: Finding[] = [];
  if (!INTERFACE_NAME.test(name) || name === "." || name === "..") {
    findings.push({ path: [...path, "name"], message: `"${name}" can be no name or pattern of an interface` });
  }
  if (addresses.length > 0 && (dhcp4 || dhcp6)) {
    const hint = `Remove the addresses, or set ${dhcp4 ? "dhcp4" : "dhcp6"} to false`;
    findings.push({ path: [...path, "addresses"], message: "static addresses and DHCP exclude each other", hint });
  }
  const used = new Set<string>();
  for (const [index, address] of addresses.entries()) {
    const at = [...path, "addresses", index];
    if (cidrFamilyOf(address) === undefined) findings.push({ path: at, ...notCidr(address) });
    else if (used.has(address)) findings.push({ path: at, message: `address ${address} is given twice` });
    used.add(address);
  }
  for (const [index, { to, via }] of routes.entries()) {
    const target = to === "default" ? undefined : cidrFamilyOf(to);
    const gateway = ipFamilyOf(via);
    const at = [...path, "routes", index];
    if (to !== "default" && target === undefined)
      findings.push({ path: [...at, "to"], ...notCidr(to, '"default" or ') });
    if (gateway === undefined) findings.push({ path: [...at, "via"], message: `${JSON.stringify(via)} is no address` });
    else if (target !== undefined && target !== gateway) {
      findings.push({ path: [...at, "via"], message: `an ${gateway} gateway for an ${target} network` });
    }
  }
  for (const [index, server] of nameservers.entries()) {
    if (ipFamilyOf(server) !== undefined) continue;
    findings.push({ path: [...path, "nameservers", index], message: `${JSON.stringify(server)} is no address` });
  }
  return findings;
}

function notCidr(text: string, before = ""): { message: string; hint: string } {
  const hint =
    ipFamilyOf(text) === undefined
      ? `Write ${before}an address with its prefix length, for example 192.0.2.10/24`
      : `Add the prefix length, for example ${text}/${text.includes(":") ? 64 : 24}`;
  return { message: `${JSON.stringify(text)} is no address with prefix length`, hint };
}

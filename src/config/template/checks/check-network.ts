import type { DocumentPath, Finding } from "../../document/index.ts";
import { cidrFamilyOf, ipFamilyOf, isInNetwork } from "./ip-address.ts";
import type { NetworkInterfaceSection, NetworkSection, RouteSection } from "../schema/index.ts";

const INTERFACES = ["systemConfig", "network", "interfaces"] as const;
/** The name goes into file names and into a `[Match]` section. */
const INTERFACE_NAME = /^[A-Za-z0-9_.@*?[\]!-]+$/;
const DNS_NAME =
  /^~?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.?$/;
/** The smallest packet that IPv6 must be able to send. @see RFC 8200, section 5 */
const IPV6_MIN_MTU = 1280;

/** Interfaces: names, addresses, routes and name servers; DHCP and static addresses exclude each other. */
export function checkNetwork(network: NetworkSection | undefined): Finding[] {
  const interfaces = network?.interfaces ?? [];
  const names = interfaces.map(({ name }) => name);
  const macs = interfaces.map(({ macAddress }) => macAddress?.toLowerCase());
  return interfaces.flatMap((link, index) => {
    const path = [...INTERFACES, index];
    const mac = macs[index];
    return [
      ...(names.indexOf(link.name) < index
        ? [{ path: [...path, "name"], message: `interface ${JSON.stringify(link.name)} is already configured above` }]
        : []),
      ...(mac !== undefined && macs.indexOf(mac) < index
        ? [{ path: [...path, "macAddress"], message: `the interface ${mac} is already configured above` }]
        : []),
      ...checkLink(link, path),
      ...checkAddresses(link, path),
      ...checkRoutes(link, path),
      ...checkNames(link, path),
    ];
  });
}

function checkLink({ name, mtu, macAddress, ...link }: NetworkInterfaceSection, path: DocumentPath): Finding[] {
  const findings: Finding[] = [];
  if (!INTERFACE_NAME.test(name) || name === "." || name === "..") {
    findings.push({
      path: [...path, "name"],
      message: `${JSON.stringify(name)} can be no name or pattern of an interface`,
    });
  }
  const hasIpv6 = link.dhcp6 === true || (link.addresses ?? []).some((address) => cidrFamilyOf(address) === "IPv6");
  if (mtu !== undefined && mtu < IPV6_MIN_MTU && hasIpv6) {
    findings.push({ path: [...path, "mtu"], message: `IPv6 needs packets of at least ${IPV6_MIN_MTU} bytes` });
  }
  // The lowest bit of the first byte marks addresses of groups, of which ff:ff:ff:ff:ff:ff is one.
  if (macAddress !== undefined && (/^[0-9a-f][13579bdf]/i.test(macAddress) || /^[0:]+$/.test(macAddress))) {
    findings.push({ path: [...path, "macAddress"], message: `${macAddress} is no address of a single interface` });
  }
  return findings;
}

function checkAddresses({ dhcp4, dhcp6, addresses = [] }: NetworkInterfaceSection, path: DocumentPath): Finding[] {
  const findings: Finding[] = [];
  if (addresses.length > 0 && (dhcp4 === true || dhcp6 === true)) {
    const hint = `Remove the addresses, or set ${dhcp4 === true ? "dhcp4" : "dhcp6"} to false`;
    findings.push({ path: [...path, "addresses"], message: "static addresses and DHCP exclude each other", hint });
  }
  for (const [index, address] of addresses.entries()) {
    const at = [...path, "addresses", index];
    if (cidrFamilyOf(address) === undefined) findings.push({ path: at, ...notCidr(address) });
    else if (addresses.indexOf(address) < index) {
      findings.push({ path: at, message: `address ${address} is given twice` });
    }
  }
  return findings;
}

function checkRoutes({ addresses = [], routes = [], ...link }: NetworkInterfaceSection, path: DocumentPath): Finding[] {
  const isStatic = link.dhcp4 !== true && link.dhcp6 !== true;
  const keyOf = ({ to, via, metric = 0 }: RouteSection): string =>
    `${to === "default" ? `default ${ipFamilyOf(via)}` : to} ${metric}`;
  const keys = routes.map(keyOf);
  return routes.flatMap((route, index): Finding[] => {
    const { to, via } = route;
    const target = to === "default" ? undefined : cidrFamilyOf(to);
    const gateway = ipFamilyOf(via);
    const at = [...path, "routes", index];
    const findings: Finding[] = [];
    if (to !== "default" && target === undefined) {
      findings.push({ path: [...at, "to"], ...notCidr(to, '"default" or ') });
    }
    if (gateway === undefined) findings.push({ path: [...at, "via"], message: `${JSON.stringify(via)} is no address` });
    else if (target !== undefined && target !== gateway) {
      findings.push({ path: [...at, "via"], message: `an ${gateway} gateway for an ${target} network` });
    } else if (keys.indexOf(keyOf(route)) < index) {
      const hint = "Remove one of them, or give it another metric";
      findings.push({ path: at, message: `a route to ${JSON.stringify(to)} is already given above`, hint });
    } else if (isStatic && addresses.length > 0 && !/^fe80:/i.test(via) && !isReachable(via, addresses)) {
      const message = `gateway ${via} is in no network of the interface's addresses`;
      findings.push({ path: [...at, "via"], message, severity: "warning" });
    }
    return findings;
  });
}

function isReachable(gateway: string, addresses: readonly string[]): boolean {
  return addresses.some((address) => cidrFamilyOf(address) === undefined || isInNetwork(gateway, address));
}

function checkNames({ nameservers = [], searchDomains = [] }: NetworkInterfaceSection, path: DocumentPath): Finding[] {
  return [
    ...nameservers.flatMap((server, index): Finding[] => {
      if (ipFamilyOf(server) !== undefined) return [];
      return [{ path: [...path, "nameservers", index], message: `${JSON.stringify(server)} is no address` }];
    }),
    ...searchDomains.flatMap((domain, index): Finding[] => {
      // All names: the way to make this interface's servers the ones that are asked first.
      if (domain === "~." || (DNS_NAME.test(domain) && domain.length <= 253)) return [];
      return [{ path: [...path, "searchDomains", index], message: `${JSON.stringify(domain)} is no domain name` }];
    }),
  ];
}

function notCidr(text: string, before = ""): { message: string; hint: string } {
  const hint =
    ipFamilyOf(text) === undefined
      ? `Write ${before}an address with its prefix length, for example 192.0.2.10/24`
      : `Add the prefix length, for example ${text}/${text.includes(":") ? 64 : 24}`;
  return { message: `${JSON.stringify(text)} is no address with prefix length`, hint };
}

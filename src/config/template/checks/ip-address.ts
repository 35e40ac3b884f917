export type IpFamily = "IPv4" | "IPv6";

/** @returns undefined for a text that is no address; an IPv6 zone is refused */
export function ipFamilyOf(text: string): IpFamily | undefined {
  if (isIpv4(text)) return "IPv4";
  return isIpv6(text) ? "IPv6" : undefined;
}

/** The family of an address with prefix length, for example `192.0.2.1/24`; undefined when it is none. */
export function cidrFamilyOf(text: string): IpFamily | undefined {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const family = ipFamilyOf(address);
  if (rest.length > 0 || family === undefined || !/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  return Number(prefix) <= (family === "IPv4" ? 32 : 128) ? family : undefined;
}

/** Whether an address is in the network of an address with prefix length; false when one of them is neither. */
export function isInNetwork(address: string, cidr: string): boolean {
  const family = cidrFamilyOf(cidr);
  if (family === undefined || ipFamilyOf(address) !== family) return false;
  const [network = "", prefix = ""] = cidr.split("/");
  const hostBits = BigInt((family === "IPv4" ? 32 : 128) - Number(prefix));
  return numberOf(address) >> hostBits === numberOf(network) >> hostBits;
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** @see RFC 4291, section 2.2 */
function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  const endsInIpv4 = last.includes(".");
  if (endsInIpv4 && (!isIpv4(last) || text.endsWith("::"))) return false;
  const hexGroups = endsInIpv4 ? groups.slice(0, -1) : groups;
  const count = hexGroups.length + (endsInIpv4 ? 2 : 0);
  return hexGroups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count < 8 : count === 8);
}

/** The bits of an address that {@link ipFamilyOf} knows. */
function numberOf(address: string): bigint {
  if (!address.includes(":")) return joinBits(address.split(".").map(Number), 8n);
  const [left = [], right = []] = address.split("::").map(groupsOf);
  const zeros = Array<number>(address.includes("::") ? 8 - left.length - right.length : 0).fill(0);
  return joinBits([...left, ...zeros, ...right], 16n);
}

function groupsOf(half: string): number[] {
  if (half === "") return [];
  return half.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function joinBits(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n);
}

import { ipFamilyOf } from "../../template/checks/ip-address.ts";

/** The prefix length of a mask such as `255.255.255.0` or `ffff:ffff::`; undefined for a text that is no mask. */
export function prefixLengthOf(mask: string): number | undefined {
  const bits = bitsOf(mask);
  const match = bits === undefined ? null : /^(1*)0*$/.exec(bits);
  return match?.[1]?.length;
}

function bitsOf(address: string): string | undefined {
  const family = ipFamilyOf(address);
  if (family === "IPv4")
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  // The last two groups of such an address may be written as IPv4: no mask is.
  if (family === undefined || address.includes(".")) return undefined;
  const [head = "", tail] = address.split("::");
  const groupsOf = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0")).join("");
}

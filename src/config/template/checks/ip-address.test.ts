import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cidrFamilyOf, ipFamilyOf, isInNetwork } from "./ip-address.ts";

describe("ipFamilyOf()", () => {
  it("agrees with Node.js about what is an address", () => {
    const piece = fc.constantFrom("0", "1", "255", "256", "01", "ffff", "12345", "g", ":", "::", ".", "1.2.3.4", "");
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (address) => {
        const version = isIP(address);
        expect(ipFamilyOf(address)).toBe(version === 0 ? undefined : `IPv${version}`);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("cidrFamilyOf()", () => {
  it.each([
    ["192.0.2.1/24", "IPv4"],
    ["0.0.0.0/0", "IPv4"],
    ["2001:db8::/128", "IPv6"],
    ["192.0.2.1/33", undefined],
    ["192.0.2.1/024", undefined],
    ["192.0.2.1", undefined],
    ["192.0.2.1/24/1", undefined],
    ["::1/129", undefined],
    ["/24", undefined],
  ])("%s is %s", (text, family) => expect(cidrFamilyOf(text)).toBe(family));
});

describe("isInNetwork()", () => {
  it("agrees with Node.js about what is in a network", () => {
    const pairs = fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat(32), fc.constant("ipv4" as const)),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.nat(128), fc.constant("ipv6" as const)),
      fc.tuple(
        fc.constant("2001:db8::1"),
        fc.constant("2001:db8::ffff:1.2.3.4"),
        fc.nat(128),
        fc.constant("ipv6" as const),
      ),
    );
    fc.assert(
      fc.property(pairs, fc.boolean(), ([address, other, prefix, family], isSame) => {
        const network = isSame ? address : other;
        const list = new BlockList();
        list.addSubnet(network, prefix, family);
        expect(isInNetwork(address, `${network}/${prefix}`)).toBe(list.check(address, family));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["192.0.2.1", "2001:db8::/32"],
    ["192.0.2.1", "192.0.2.0"],
    ["gateway", "0.0.0.0/0"],
  ])("%s is not in %s", (address, network) => expect(isInNetwork(address, network)).toBe(false));
});

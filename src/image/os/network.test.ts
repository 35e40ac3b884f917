import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { openImageTree } from "./image-tree.ts";
import { netplanText } from "./netplan.ts";
import { networkFileName, networkdText } from "./networkd.ts";
import { planNetwork } from "./network.ts";

const RESOLVED = { "/usr/lib/systemd/system/systemd-resolved.service": "" };
const uplink = {
  name: "eth0",
  dhcp6: true,
  addresses: ["192.0.2.10/24", "2001:db8::10/64"],
  routes: [
    { to: "default", via: "192.0.2.1" },
    { to: "198.51.100.0/24", via: "192.0.2.2" },
  ],
  nameservers: ["192.0.2.53"],
};

describe("networkdText()", () => {
  it("writes every route in a section of its own", () => {
    expect(networkdText(uplink)).toBe(`[Match]
Name=eth0

[Network]
DHCP=ipv6
Address=192.0.2.10/24
Address=2001:db8::10/64
DNS=192.0.2.53

[Route]
Gateway=192.0.2.1

[Route]
Gateway=192.0.2.2
Destination=198.51.100.0/24
`);
  });

  it("matches an address instead of a name, and has size, domains and metrics", () => {
    const section = {
      name: "uplink",
      macAddress: "52:54:00:12:34:56",
      mtu: 9000,
      searchDomains: ["example.com", "example.org"],
      routes: [{ to: "default", via: "192.0.2.1", metric: 100 }],
    };
    expect(networkdText(section)).toBe(`[Match]
MACAddress=52:54:00:12:34:56
Type=ether

[Link]
MTUBytes=9000

[Network]
DHCP=no
Domains=example.com example.org

[Route]
Gateway=192.0.2.1
Metric=100
`);
  });

  it.each([
    [{ dhcp4: true, dhcp6: true }, "yes"],
    [{ dhcp4: true }, "ipv4"],
    [{}, "no"],
  ])("turns %j into DHCP=%s", (dhcp, mode) => {
    expect(networkdText({ name: "en*", ...dhcp })).toContain(`DHCP=${mode}\n`);
  });
});

describe("networkFileName()", () => {
  it("keeps the order of the template and makes a file name of a pattern", () => {
    expect([networkFileName("enp1s0", 0), networkFileName("en*", 1)]).toEqual(["10-enp1s0.network", "11-en_.network"]);
  });
});

describe("netplanText()", () => {
  it("matches patterns and names plain interfaces", () => {
    expect(netplanText([uplink, { name: "en*", dhcp4: true }])).toBe(`network:
  version: 2
  renderer: networkd
  ethernets:
    eth0:
      dhcp4: false
      dhcp6: true
      addresses:
        - 192.0.2.10/24
        - 2001:db8::10/64
      routes:
        - to: default
          via: 192.0.2.1
        - to: 198.51.100.0/24
          via: 192.0.2.2
      nameservers:
        addresses:
          - 192.0.2.53
    template-interface-1:
      match:
        name: en*
      dhcp4: true
      dhcp6: false
`);
  });
});

describe("planNetwork()", () => {
  it("writes a netplan file for root's eyes only, and enables what carries it out", async () => {
    using tree = fakeTree({ ...RESOLVED, "/usr/sbin/netplan": "" });
    const plan = await planNetwork(openImageTree(tree.host, tree.root), {
      backend: "netplan",
      interfaces: [{ name: "uplink", macAddress: "52:54:00:AB:CD:EF", mtu: 1400, searchDomains: ["example.com"] }],
    });
    expect(plan.changes[0]).toMatchObject({ path: "/etc/netplan/10-os-image-composer.yaml", mode: 0o600 });
    expect(plan.changes[0]).toMatchObject({
      content: expect.stringContaining("macaddress: 52:54:00:ab:cd:ef\n      mtu: 1400\n") as string,
    });
    expect(plan.changes.some(({ path }) => path.startsWith("/etc/systemd/network"))).toBe(false);
    expect(plan.units).toEqual(["systemd-networkd.service", "systemd-resolved.service"]);
  });

  it("looks names up in the domains, also without systemd-resolved", async () => {
    using tree = fakeTree();
    const interfaces = [{ ...uplink, searchDomains: ["example.com"] }];
    const plan = await planNetwork(openImageTree(tree.host, tree.root), { interfaces });
    expect(plan.changes.at(-1)).toMatchObject({ content: "search example.com\nnameserver 192.0.2.53\n" });
  });

  it("links resolv.conf to systemd-resolved and enables it when it is installed", async () => {
    using tree = fakeTree(RESOLVED);
    const plan = await planNetwork(openImageTree(tree.host, tree.root), { interfaces: [uplink] });
    expect(plan.units).toEqual(["systemd-networkd.service", "systemd-resolved.service"]);
    expect(plan.changes.at(-1)).toMatchObject({
      kind: "symlink",
      path: "/etc/resolv.conf",
      target: "../run/systemd/resolve/stub-resolv.conf",
    });
  });

  it("writes resolv.conf itself without systemd-resolved", async () => {
    using tree = fakeTree();
    const plan = await planNetwork(openImageTree(tree.host, tree.root), { interfaces: [uplink] });
    expect(plan.changes.at(-1)).toMatchObject({ path: "/etc/resolv.conf", content: "nameserver 192.0.2.53\n" });
  });

  it("warns when nothing would resolve names", async () => {
    using tree = fakeTree();
    const plan = await planNetwork(openImageTree(tree.host, tree.root), { interfaces: [{ name: "en*", dhcp4: true }] });
    expect(plan.warnings).toEqual([expect.stringContaining('"systemd-resolved" is not installed')]);
  });

  it("refuses netplan that is not installed", async () => {
    using tree = fakeTree();
    const tried = planNetwork(openImageTree(tree.host, tree.root), { backend: "netplan" });
    await expect(tried).rejects.toMatchObject({ code: "TEMPLATE_INVALID" });
  });

  it("refuses values that would become further settings", async () => {
    using tree = fakeTree();
    const tried = planNetwork(openImageTree(tree.host, tree.root), {
      interfaces: [{ name: "eth0", addresses: ["192.0.2.1/24\n[Link]\nUnmanaged=yes"] }],
    });
    await expect(tried).rejects.toMatchObject({
      details: ["named at systemConfig.network.interfaces[0].addresses[0]"],
    });
  });
});

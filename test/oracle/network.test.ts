import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { NetworkInterfaceSection } from "../../src/config/index.ts";
import { netplanText } from "../../src/image/os/netplan.ts";
import { networkdText } from "../../src/image/os/networkd.ts";
import { type FakeTree, fakeTree } from "../fixtures/fake-tree.ts";

const hasNetplan = spawnSync("netplan", ["--help"]).status === 0;

const INTERFACES: readonly NetworkInterfaceSection[] = [
  {
    name: "eth0",
    addresses: ["192.0.2.10/24", "2001:db8::10/64"],
    mtu: 1400,
    nameservers: ["192.0.2.53", "2001:db8::53"],
    searchDomains: ["example.com", "example.org"],
    routes: [
      { to: "default", via: "192.0.2.1" },
      { to: "198.51.100.0/24", via: "192.0.2.2", metric: 300 },
      { to: "2001:db8:1::/48", via: "2001:db8::1" },
    ],
  },
  { name: "uplink", macAddress: "52:54:00:AB:CD:EF", dhcp4: true, dhcp6: true, mtu: 9000 },
  { name: "en*", dhcp4: true },
  { name: "wan[0-9]", dhcp6: true },
];

/** What netplan makes of our file, by the interface's place in {@link INTERFACES}. */
describe.skipIf(!hasNetplan)("netplanText(), read by netplan", () => {
  using tree = fakeTree();
  const generated = generate(tree, INTERFACES);

  it.each(INTERFACES.map((section, index) => [section.name, section, generated[index] ?? ""] as const))(
    "means for %s what our own file for systemd-networkd says",
    (_, section, theirs) => {
      const ours = settingsOf(networkdText(section));
      const expected = settingsOf(theirs);
      expect(ours.get("Network.Address")).toEqual(expected.get("Network.Address"));
      expect(ours.get("Network.DNS")).toEqual(expected.get("Network.DNS"));
      expect(ours.get("Network.Domains")).toEqual(expected.get("Network.Domains"));
      expect(ours.get("Link.MTUBytes")).toEqual(expected.get("Link.MTUBytes"));
      expect(ours.get("Route.Gateway")).toEqual(expected.get("Route.Gateway"));
      expect(ours.get("Route.Metric")).toEqual(expected.get("Route.Metric"));
      expect(destinations(ours)).toEqual(destinations(expected));
      expect(ours.get("Network.DHCP")?.filter((mode) => mode !== "no")).toEqual(expected.get("Network.DHCP") ?? []);
      const address = (settings: Settings) =>
        (settings.get("Match.MACAddress") ?? settings.get("Match.PermanentMACAddress"))?.map((text) =>
          text.toLowerCase(),
        );
      expect(address(ours)).toEqual(address(expected));
      if (section.macAddress === undefined) expect(ours.get("Match.Name")).toEqual(expected.get("Match.Name"));
    },
  );

  it("is refused when it is wrong", () => {
    using other = fakeTree();
    expect(() => generate(other, [{ name: "eth0", addresses: ["192.0.2.300/24"] }])).toThrow(/192\.0\.2\.300/);
  });
});

type Settings = ReadonlyMap<string, readonly string[]>;

/** The files for systemd-networkd that netplan makes, in the order of the interfaces. */
function generate(tree: FakeTree, interfaces: readonly NetworkInterfaceSection[]): string[] {
  const directory = path.join(tree.root, "etc/netplan");
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, "10-os-image-composer.yaml");
  writeFileSync(file, netplanText(interfaces));
  chmodSync(file, 0o600);
  execFileSync("netplan", ["generate", "--root-dir", tree.root], { stdio: "pipe" });
  const output = path.join(tree.root, "run/systemd/network");
  const names = readdirSync(output).filter((name) => name.endsWith(".network"));
  return interfaces.map(({ name }, index) => {
    const found = names.find((entry) =>
      [`-${name}.`, `-template-interface-${index}.`].some((end) => entry.includes(end)),
    );
    return found === undefined ? "" : readFileSync(path.join(output, found), "utf8");
  });
}

/** Sorted values by `Section.Key`. */
function settingsOf(text: string): Settings {
  const settings = new Map<string, string[]>();
  let section = "";
  for (const line of text.split("\n")) {
    section = /^\[(.*)\]$/.exec(line)?.[1] ?? section;
    const [, key, value = ""] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    const values = settings.get(`${section}.${key}`) ?? [];
    settings.set(`${section}.${key}`, [...values, value].sort());
  }
  return settings;
}

/** netplan writes the default route as a network. */
function destinations(settings: Settings): readonly string[] {
  return (settings.get("Route.Destination") ?? []).filter((network) => !["0.0.0.0/0", "::/0"].includes(network));
}

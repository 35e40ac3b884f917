import Type, { type Static } from "typebox";
import { choice, closed, flag, list, matching, text, texts, wholeNumber } from "./fields.ts";

export const Route = Type.Object(
  {
    to: text("Destination: default, or a network", "default"),
    via: text("Gateway address", "192.0.2.1"),
    metric: Type.Optional(wholeNumber("Preference; lower ones first", 100, 0, 4294967295)),
  },
  closed,
);

export const NetworkInterface = Type.Object(
  {
    name: text("Interface name or pattern", "en*", { maxLength: 15 }),
    dhcp4: Type.Optional(flag("Ask DHCP for an IPv4 address")),
    dhcp6: Type.Optional(flag("Ask DHCP for an IPv6 address")),
    addresses: Type.Optional(texts("Static addresses with prefix length", ["192.0.2.10/24"])),
    routes: Type.Optional(list(Route, "Static routes")),
    nameservers: Type.Optional(texts("Addresses of DNS servers", ["192.0.2.53"])),
    searchDomains: Type.Optional(texts("Domains that short names are looked up in", ["example.com"])),
    mtu: Type.Optional(wholeNumber("Largest packet in bytes", 9000, 68, 65535)),
    macAddress: Type.Optional(
      text(
        "Take the interface that has this address, whatever its name",
        "52:54:00:12:34:56",
        matching("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$", "six pairs of hexadecimal digits between colons"),
      ),
    ),
  },
  closed,
);

export const Network = Type.Object(
  {
    backend: Type.Optional(
      choice(["systemd-networkd", "netplan"], "What configures the network", { default: "systemd-networkd" }),
    ),
    interfaces: Type.Optional(list(NetworkInterface, "Interfaces")),
  },
  { ...closed, description: "Network" },
);

export type NetworkSection = Static<typeof Network>;
export type NetworkInterfaceSection = Static<typeof NetworkInterface>;
export type RouteSection = Static<typeof Route>;

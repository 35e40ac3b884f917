import type { NetworkInterfaceSection, NetworkSection } from "../../template/schema/index.ts";
import { ipFamilyOf } from "../../template/checks/ip-address.ts";
import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import type { Conversion } from "./conversion.ts";
import { prefixLengthOf } from "./ip-values.ts";
import { type NetworkModel, type SystemConfigModel, itemsOf, textOf } from "./model.ts";

const MAC_ADDRESS = /^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/;
const MAX_NAME_LENGTH = 15;

/** Networks of the installed system; DHCP is really asked for, which the toolkit forgets. */
export function convertNetworks(
  { Networks }: SystemConfigModel,
  conversion: Conversion,
): Placed<NetworkSection> | undefined {
  const { compose, notes } = conversion;
  const interfaces = itemsOf(Networks).flatMap((network, index): Placed<NetworkInterfaceSection>[] => {
    const { OnBoot } = network.value;
    if (OnBoot?.value !== true) {
      const at = OnBoot?.spot ?? network.spot;
      notes.add(
        "dropped",
        at,
        "without OnBoot only the installer has this network, not the image",
        "Set OnBoot to true",
      );
      return [];
    }
    const converted = convertNetwork(network, index, conversion);
    return converted === undefined ? [] : [converted];
  });
  const list = compose.listOfAny(Networks?.spot, interfaces);
  if (list === undefined || Networks === undefined) return undefined;
  return compose.mapping(Networks.spot, {
    backend: placed<NonNullable<NetworkSection["backend"]>>("systemd-networkd", Networks.spot),
    interfaces: list,
  });
}

function convertNetwork(
  { value: network, spot }: Field<NetworkModel>,
  index: number,
  conversion: Conversion,
): Placed<NetworkInterfaceSection> | undefined {
  const { compose, notes } = conversion;
  const { BootProto, Ip, NetMask, GateWay, NameServer, NameServers } = network;
  const device = convertDevice(network, index, conversion);
  if (device === undefined) return undefined;
  const protocol = textOf(BootProto);
  const asksDhcp = protocol === "dhcp" || protocol === "bootp" || protocol === "ibft";
  if (BootProto !== undefined && (protocol === "bootp" || protocol === "ibft")) {
    notes.add("changed", BootProto.spot, "becomes DHCP");
  }
  if (asksDhcp) {
    for (const field of [Ip, NetMask, GateWay]) {
      if (field !== undefined && field.value !== "") notes.add("dropped", field.spot, "DHCP gives the address");
    }
  }
  const servers = [...itemsOf(NameServer), ...itemsOf(NameServers)].filter(({ value }) => value !== "");
  return compose.mapping(spot, {
    ...device,
    dhcp4: asksDhcp ? placed(true, BootProto?.spot ?? spot) : undefined,
    addresses: asksDhcp ? undefined : addressesOf(network, conversion),
    routes: asksDhcp ? undefined : routesOf(network, conversion),
    nameservers: compose.listOfAny(
      undefined,
      servers.map(({ value, spot: at }) => placed(value, at)),
    ),
  });
}

/** A name or a MAC address; `bootif` is whatever interface the installer was started through. */
function convertDevice({ Device }: NetworkModel, index: number, { notes }: Conversion) {
  if (Device === undefined) return undefined;
  const { value, spot } = Device;
  if (MAC_ADDRESS.test(value)) {
    const address: string = value.replaceAll("-", ":").toLowerCase();
    return { name: placed(`net${index}`, spot), macAddress: placed(address, spot) };
  }
  if (value.toLowerCase() === "bootif") {
    notes.add(
      "dropped",
      spot,
      "an image does not know the interface that it was installed through",
      "Name the interface",
    );
    return undefined;
  }
  if (value.length > MAX_NAME_LENGTH) {
    notes.add(
      "dropped",
      spot,
      `no interface has a name of more than ${MAX_NAME_LENGTH} characters`,
      "Name the interface",
    );
    return undefined;
  }
  return { name: placed(value, spot), macAddress: undefined };
}

function addressesOf({ Ip, NetMask }: NetworkModel, { compose, notes }: Conversion): Placed<string[]> | undefined {
  if (Ip === undefined || Ip.value === "") return undefined;
  const length = NetMask === undefined ? undefined : prefixLengthOf(NetMask.value);
  const bits = ipFamilyOf(Ip.value) === "IPv6" ? 128 : 32;
  if (length === undefined || NetMask === undefined) {
    notes.add(
      "dropped",
      NetMask?.spot ?? Ip.spot,
      "there is no network mask that goes with the address",
      "Write address/prefix length",
    );
    return undefined;
  }
  return compose.list(Ip.spot, [placed(`${Ip.value}/${Math.min(length, bits)}`, Ip.spot)]);
}

function routesOf({ GateWay }: NetworkModel, { compose }: Conversion) {
  if (GateWay === undefined || GateWay.value === "") return undefined;
  const { value, spot } = GateWay;
  return compose.list(spot, [compose.mapping(spot, { to: placed("default", spot), via: placed(value, spot) })]);
}

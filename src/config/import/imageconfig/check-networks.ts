import { ipFamilyOf } from "../../template/checks/ip-address.ts";
import { type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import { type Report, spotOf } from "./rule-context.ts";

const PROTOCOLS = ["dhcp", "bootp", "ibft", "static", ""];

/** The toolkit's rules for networks. */
export function checkNetworks({ Networks }: SystemConfigModel, report: Report): void {
  for (const { value: network, spot } of itemsOf(Networks)) {
    const { BootProto, Device } = network;
    const protocol = textOf(BootProto);
    if (BootProto !== undefined && !PROTOCOLS.includes(protocol)) {
      const expected = "one of dhcp, bootp, ibft, static";
      report(BootProto.spot, `unknown value ${JSON.stringify(protocol)}`, { expected });
    }
    const mayBeEmpty = protocol === "" || protocol === "dhcp";
    for (const key of ["Ip", "NetMask", "GateWay"] as const) {
      const text = textOf(network[key]);
      if ((text === "" && mayBeEmpty) || ipFamilyOf(text) !== undefined) continue;
      report(spotOf(network[key], spot, key), text === "" ? "is missing" : `${JSON.stringify(text)} is no address`);
    }
    for (const { value, spot: at } of [...itemsOf(network.NameServer), ...itemsOf(network.NameServers)]) {
      if ((value === "" && mayBeEmpty) || ipFamilyOf(value) !== undefined) continue;
      report(at, `${JSON.stringify(value)} is no address`);
    }
    if (textOf(Device).trim() === "") report(spotOf(Device, spot, "Device"), "must not be empty");
  }
}

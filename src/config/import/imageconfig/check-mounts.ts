import type { Field } from "../decode.ts";
import { type ImageConfig, type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import { type Report, hasFlag, joinPartitions, spotOf } from "./rule-context.ts";

const IDENTIFIERS = ["partuuid", "uuid", "partlabel", ""];

/** The toolkit's rules for partition settings and for an encrypted root. */
export function checkMounts(config: ImageConfig, { value: system }: Field<SystemConfigModel>, report: Report): void {
  const joined = joinPartitions(config, itemsOf(system.PartitionSettings));
  const mountPoints = new Set<string>();
  let encryptedRoots = 0;
  for (const { setting, partition, tableType } of joined) {
    const { ID, MountPoint, MountIdentifier } = setting.value;
    if (partition === undefined) {
      report(spotOf(ID, setting.spot, "ID"), `no partition has the ID ${JSON.stringify(textOf(ID))}`);
    } else if (hasFlag(partition, "dmroot")) {
      encryptedRoots += 1;
      if (encryptedRoots > 1) report(spotOf(ID, setting.spot, "ID"), 'a second partition with the flag "dmroot"');
    }
    if (MountPoint !== undefined && MountPoint.value !== "") {
      if (mountPoints.has(MountPoint.value)) report(MountPoint.spot, "another partition is mounted there, too");
      mountPoints.add(MountPoint.value);
    }
    if (MountIdentifier === undefined) continue;
    if (!IDENTIFIERS.includes(MountIdentifier.value)) {
      const expected = "one of partuuid, uuid, partlabel";
      report(MountIdentifier.spot, `unknown value ${JSON.stringify(MountIdentifier.value)}`, { expected });
    } else if (MountIdentifier.value === "partlabel" && partition !== undefined) {
      if (tableType === "mbr" || tableType === "")
        report(MountIdentifier.spot, 'only a "gpt" disk has partition labels');
      else if (tableType === "gpt" && textOf(partition.value.Name) === "")
        report(MountIdentifier.spot, "the partition has no Name");
    }
  }
  const { Encryption } = system;
  if (Encryption?.value.Enable?.value !== true) return;
  const at = spotOf(Encryption.value.Enable, Encryption.spot, "Enable");
  const root = joined.find(({ setting }) => textOf(setting.value.MountPoint) === "/");
  const hasDisks = itemsOf(config.Disks).length > 0;
  if (root === undefined) {
    if (hasDisks || mountPoints.size > 0) report(at, 'nothing is mounted at "/", which would be encrypted');
  } else if (hasDisks && root.partition === undefined)
    report(at, "the root partition, which would be encrypted, is missing");
  else if (hasDisks && root.partition !== undefined && !hasFlag(root.partition, "dmroot")) {
    const { value, spot: partitionSpot } = root.partition;
    report(spotOf(value.Flags, partitionSpot, "Flags"), 'lack "dmroot", which an encrypted root partition has');
  }
}

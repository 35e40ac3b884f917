import type { DiskSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import { type OutputKind, convertArtifacts } from "./convert-artifacts.ts";
import { convertPartitions } from "./convert-partitions.ts";
import type { Conversion } from "./conversion.ts";
import { type DiskModel, type ImageConfig, type SystemConfigModel, itemsOf, textOf } from "./model.ts";

/** The first disk; further ones, and what no image can have, are noted. */
export function convertDisk(
  { Disks }: ImageConfig,
  system: SystemConfigModel,
  conversion: Conversion,
): Placed<DiskSection> | undefined {
  const { compose, notes } = conversion;
  const [disk, ...others] = itemsOf(Disks);
  for (const { spot } of others) {
    notes.add("dropped", spot, "a template describes one disk", "Write a template of its own for this one");
  }
  if (disk === undefined) return undefined;
  const { value, spot } = disk;
  const isRootfs = itemsOf(system.PartitionSettings).length === 0;
  const partitions = itemsOf(value.Partitions);
  if (isRootfs && partitions.length > 0 && value.Partitions !== undefined) {
    notes.add("dropped", value.Partitions.spot, "without PartitionSettings only a root file system is made");
  }
  for (const binary of itemsOf(value.RawBinaries)) {
    notes.add(
      "dropped",
      binary.spot,
      "nothing can be written to places between partitions",
      "Write it to the raw image afterwards, with dd conv=notrunc",
    );
  }
  const path = targetPath(disk, conversion);
  const usesSize = value.MaxSize !== undefined && value.MaxSize.value > 0 && !isRootfs;
  if (path !== undefined && usesSize && value.MaxSize !== undefined) {
    notes.add("ignored", value.MaxSize.spot, "the installer takes the size of the disk");
  }
  return compose.mappingOfAny(spot, {
    path,
    size:
      usesSize && path === undefined && value.MaxSize !== undefined
        ? placed(`${value.MaxSize.value}MiB`, value.MaxSize.spot)
        : undefined,
    partitionTableType: isRootfs ? undefined : tableType(disk, conversion),
    artifacts: convertArtifacts(itemsOf(value.Artifacts), outputKindOf(disk, system), conversion),
    partitions: isRootfs ? undefined : convertPartitions(value, itemsOf(system.PartitionSettings), conversion),
  });
}

/** What the configuration makes of its disk. */
export function outputKindOf({ value }: Field<DiskModel>, { PartitionSettings }: SystemConfigModel): OutputKind {
  if (itemsOf(PartitionSettings).length > 0) return "disk";
  return itemsOf(value.Artifacts).some((artifact) => textOf(artifact.value.Type) === "initrd") ? "initrd" : "archive";
}

function targetPath({ value: { TargetDisk } }: Field<DiskModel>, { notes }: Conversion): Placed<string> | undefined {
  if (TargetDisk === undefined) return undefined;
  const { Type, Value } = TargetDisk.value;
  if (textOf(Type) === "path" && Value !== undefined && Value.value !== "") return placed(Value.value, Value.spot);
  if (textOf(Type) !== "") notes.add("dropped", TargetDisk.spot, 'a disk is named by a "path" only');
  return undefined;
}

function tableType({ value, spot }: Field<DiskModel>, { notes }: Conversion): Placed<"gpt" | "mbr"> {
  const { PartitionTableType } = value;
  if (PartitionTableType?.value === "mbr") return placed<"gpt" | "mbr">("mbr", PartitionTableType.spot);
  const isGiven = textOf(PartitionTableType) !== "";
  const at = PartitionTableType?.spot ?? spot;
  if (!isGiven)
    notes.add("assumed", { ...at, path: [...spot.path, "PartitionTableType"] }, "gpt: no partition table is named");
  return placed<"gpt" | "mbr">("gpt", at);
}

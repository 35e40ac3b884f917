import type { PartitionSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import { endOf, inDiskOrder, startOf } from "./check-disks.ts";
import type { Conversion } from "./conversion.ts";
import { type DiskModel, type PartitionModel, type PartitionSettingModel, itemsOf, textOf } from "./model.ts";
import { hasFlag, spotOf } from "./rule-context.ts";

/** FAT32 needs as many clusters as only larger partitions have. */
const LEAST_FAT32_MIB = 33;
const MOST_FAT16_MIB = 2048;
const FLAG_NAMES: Readonly<Record<string, string>> = {
  esp: "esp",
  boot: "boot",
  grub: "bios_grub",
  bios_grub: "bios_grub",
  "bios-grub": "bios_grub",
};

/** Partitions in the order of the disk, each with what its setting says about mounting it. */
export function convertPartitions(
  disk: DiskModel,
  settings: readonly Field<PartitionSettingModel>[],
  conversion: Conversion,
): Placed<PartitionSection[]> | undefined {
  const written = itemsOf(disk.Partitions);
  const ordered = inDiskOrder(disk);
  const isSorted = ordered.every((partition, index) => partition === written[index]);
  const partitions = ordered.map((partition, index) => {
    const setting = settings.find(({ value }) => textOf(value.ID) === textOf(partition.value.ID));
    const next = ordered[index + 1];
    const number = isSorted ? undefined : placed(written.indexOf(partition) + 1, partition.spot);
    if (number !== undefined && written.indexOf(partition) !== index) {
      conversion.notes.add("changed", partition.spot, "is listed in the order of the disk; its index keeps its number");
    }
    return convertPartition({ partition, setting, next, disk, number }, conversion);
  });
  return conversion.compose.listOfAny(disk.Partitions?.spot, partitions);
}

interface Neighbourhood {
  readonly partition: Field<PartitionModel>;
  readonly setting: Field<PartitionSettingModel> | undefined;
  readonly next: Field<PartitionModel> | undefined;
  readonly disk: DiskModel;
  readonly number: Placed<number> | undefined;
}

function convertPartition(place: Neighbourhood, conversion: Conversion): Placed<PartitionSection> {
  const { partition, setting, number } = place;
  const { value, spot } = partition;
  for (const artifact of itemsOf(value.Artifacts)) {
    conversion.notes.add(
      "dropped",
      artifact.spot,
      "no files are made of single partitions",
      "Cut it out of the raw image",
    );
  }
  if (setting !== undefined) noteSetting(setting, conversion);
  return conversion.compose.mapping(spot, {
    id: nonEmpty(value.ID),
    index: number,
    name: nonEmpty(value.Name),
    type: nonEmpty(value.Type),
    typeUUID: nonEmpty(value.TypeUUID),
    fsType: fileSystem(place, conversion),
    start: startOfPartition(partition, conversion),
    end: endOfPartition(place, conversion),
    mountPoint: nonEmpty(setting?.value.MountPoint),
    mountOptions: nonEmpty(setting?.value.MountOptions),
    flags: flagsOf(place, conversion),
  });
}

function nonEmpty(field: Field<string> | undefined): Placed<string> | undefined {
  return field === undefined || field.value === "" ? undefined : placed(field.value, field.spot);
}

function startOfPartition(partition: Field<PartitionModel>, { notes }: Conversion): Placed<string> {
  const at = spotOf(partition.value.Start, partition.spot, "Start");
  if (startOf(partition) > 0) return placed(`${startOf(partition)}MiB`, at);
  notes.add("changed", at, "becomes 1 MiB: the partition table is at the start of the disk");
  return placed("1MiB", at);
}

/** An end of 0 is the start of the next partition, or the end of the disk: the toolkit's own code only knows the latter. */
function endOfPartition({ partition, next, disk }: Neighbourhood, { notes }: Conversion): Placed<string> {
  const at = spotOf(partition.value.End, partition.spot, "End");
  const end = endOf(partition);
  if (end === 0) return placed(next === undefined ? "0" : `${startOf(next)}MiB`, at);
  const isGpt = textOf(disk.PartitionTableType) !== "mbr";
  if (next === undefined && isGpt && end === disk.MaxSize?.value) {
    notes.add(
      "changed",
      at,
      "becomes the end of the room for partitions: the copy of the partition table is at the disk's end",
    );
    return placed("0", at);
  }
  return placed(`${end}MiB`, at);
}

/** Every FAT is "vfat" to the toolkit, whatever its width; one that the partition cannot hold keeps the layout. */
function fileSystem({ partition, next, disk }: Neighbourhood, { notes }: Conversion): Placed<string> | undefined {
  const { FsType } = partition.value;
  if (FsType === undefined || FsType.value === "") return undefined;
  if (["grub", "bios_grub", "bios-grub"].some((flag) => hasFlag(partition, flag))) {
    notes.add("dropped", FsType.spot, "GRUB takes the whole partition: a file system there would be overwritten");
    return undefined;
  }
  const fallback = next === undefined ? (disk.MaxSize?.value ?? 0) : startOf(next);
  const end = endOf(partition) === 0 ? fallback : endOf(partition);
  const size = end - startOf(partition);
  const isWrong =
    (FsType.value === "fat32" && size < LEAST_FAT32_MIB && end > 0) ||
    (FsType.value === "fat16" && size > MOST_FAT16_MIB);
  if (!isWrong) return placed(FsType.value, FsType.spot);
  const hint = FsType.value === "fat32" ? `FAT32 needs at least ${LEAST_FAT32_MIB} MiB` : "FAT16 ends at 2 GiB";
  notes.add("changed", FsType.spot, `becomes vfat, the kind of FAT that fits ${size} MiB`, hint);
  return placed("vfat", FsType.spot);
}

function flagsOf({ partition, disk }: Neighbourhood, { compose, notes }: Conversion): Placed<string[]> | undefined {
  const { Flags, Type, TypeUUID } = partition.value;
  const flags: Placed<string>[] = [];
  for (const { value, spot } of itemsOf(Flags)) {
    const name = Object.hasOwn(FLAG_NAMES, value) ? FLAG_NAMES[value] : undefined;
    if (name === undefined) {
      notes.add("dropped", spot, "it marks the root for encryption or verity", "See what is said about those");
    } else if (!flags.some((flag) => flag.value === name)) flags.push(placed(name, spot));
  }
  // What parted does on GPT: there, its flag "boot" is another name of "esp".
  const isTyped = textOf(Type) !== "" || textOf(TypeUUID) !== "";
  const isGpt = textOf(disk.PartitionTableType) !== "mbr";
  if (Flags !== undefined && isGpt && !isTyped && hasFlag(partition, "boot") && !hasFlag(partition, "esp")) {
    notes.add("changed", Flags.spot, 'gets the flag "esp", too: that is what "boot" means on a gpt disk');
    flags.unshift(placed("esp", Flags.spot));
  }
  return compose.listOfAny(Flags?.spot, flags);
}

function noteSetting({ value }: Field<PartitionSettingModel>, { notes }: Conversion): void {
  const { MountIdentifier, RemoveDocs, OverlayBaseImage, RdiffBaseImage } = value;
  if (MountIdentifier !== undefined && MountIdentifier.value !== "partuuid") {
    notes.add("changed", MountIdentifier.spot, "/etc/fstab names every partition by its PARTUUID");
  }
  if (RemoveDocs?.value === true) notes.add("ignored", RemoveDocs.spot, "it never had an effect");
  for (const base of [OverlayBaseImage, RdiffBaseImage]) {
    if (base === undefined || base.value === "") continue;
    notes.add("dropped", base.spot, "an image is made anew, not from another one");
  }
}

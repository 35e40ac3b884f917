import { nearestOf } from "../../../core/index.ts";
import type { Field } from "../decode.ts";
import { type DiskModel, type ImageConfig, type PartitionModel, itemsOf, textOf } from "./model.ts";
import { type Report, spotOf } from "./rule-context.ts";

const TABLE_TYPES = ["gpt", "mbr", ""];
const FLAGS = ["esp", "grub", "bios_grub", "bios-grub", "boot", "dmroot"];
const MAX_NAME_LENGTH = 35;
const TYPES = [
  "linux",
  "esp",
  "xbootldr",
  "linux-root-amd64",
  "linux-swap",
  "linux-home",
  "linux-srv",
  "linux-var",
  "linux-tmp",
  "linux-lvm",
  "linux-raid",
  "linux-luks",
  "linux-dm-crypt",
];

/** The toolkit's rules for disks and partitions, each on its own and all of them together. */
export function checkDisks({ Disks }: ImageConfig, report: Report): void {
  for (const disk of itemsOf(Disks)) {
    checkTable(disk, report);
    checkSize(disk, report);
    checkOverlap(disk, report);
    for (const partition of itemsOf(disk.value.Partitions)) checkPartition(partition, report);
  }
  checkIds(itemsOf(Disks), report);
}

function checkTable({ value: { PartitionTableType } }: Field<DiskModel>, report: Report): void {
  if (PartitionTableType === undefined || TABLE_TYPES.includes(PartitionTableType.value)) return;
  report(PartitionTableType.spot, `unknown value ${JSON.stringify(PartitionTableType.value)}`, {
    expected: "gpt or mbr",
  });
}

function checkSize({ value: disk, spot }: Field<DiskModel>, report: Report): void {
  const partitions = inDiskOrder(disk);
  const last = partitions.at(-1);
  if (last === undefined || textOf(disk.TargetDisk?.value.Type) === "path") return;
  const size = disk.MaxSize?.value ?? 0;
  const at = spotOf(disk.MaxSize, spot, "MaxSize");
  if (size === 0) {
    report(at, "is missing, although the disk has partitions", { expected: "the size of the disk in MiB" });
    return;
  }
  const end = endOf(last) === 0 ? startOf(last) : endOf(last);
  if (size >= end) return;
  report(at, `${size} MiB end before the last partition does, at ${end} MiB`, { expected: `at least ${end}` });
}

function checkOverlap({ value: disk }: Field<DiskModel>, report: Report): void {
  const partitions = inDiskOrder(disk);
  for (const [index, partition] of partitions.entries()) {
    const before = partitions[index - 1];
    if (before === undefined || endOf(before) <= startOf(partition)) continue;
    report(
      spotOf(partition.value.Start, partition.spot, "Start"),
      `${startOf(partition)} MiB lies inside the partition before, which ends at ${endOf(before)} MiB`,
    );
  }
}

function checkPartition({ value: { Flags, Type, TypeUUID, Name } }: Field<PartitionModel>, report: Report): void {
  for (const { value, spot } of itemsOf(Flags)) {
    if (!FLAGS.includes(value)) {
      report(spot, `unknown flag ${JSON.stringify(value)}`, { expected: `one of ${FLAGS.join(", ")}` });
    }
  }
  if (textOf(Type) !== "" && TypeUUID !== undefined && TypeUUID.value !== "") {
    report(TypeUUID.spot, "Type and TypeUUID exclude each other", { hint: "Keep one of them" });
  }
  if (Type !== undefined && Type.value !== "" && !TYPES.includes(Type.value)) {
    const near = nearestOf(Type.value, TYPES);
    report(Type.spot, `unknown partition type ${JSON.stringify(Type.value)}`, {
      expected: `one of ${TYPES.join(", ")}`,
      ...(near === undefined ? {} : { didYouMean: near }),
    });
  }
  if (Name === undefined) return;
  if (/[^\u0000-\u007f]/.test(Name.value)) report(Name.spot, "has characters that are not ASCII");
  else if (Name.value.length > MAX_NAME_LENGTH) report(Name.spot, `longer than ${MAX_NAME_LENGTH} characters`);
}

function checkIds(disks: readonly Field<DiskModel>[], report: Report): void {
  const seen = new Set<string>();
  for (const disk of disks) {
    for (const { value, spot } of itemsOf(disk.value.Partitions)) {
      const id = textOf(value.ID);
      if (seen.has(id)) report(spotOf(value.ID, spot, "ID"), `another partition has the ID ${JSON.stringify(id)}, too`);
      seen.add(id);
    }
  }
}

/** The partitions by where they start. */
export function inDiskOrder({ Partitions }: DiskModel): Field<PartitionModel>[] {
  return [...itemsOf(Partitions)].sort((a, b) => startOf(a) - startOf(b));
}

export function startOf({ value }: Field<PartitionModel>): number {
  return value.Start?.value ?? 0;
}

/** 0 for a partition that takes what room there is. */
export function endOf({ value }: Field<PartitionModel>): number {
  return value.End?.value ?? 0;
}

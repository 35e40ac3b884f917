import type { Issue } from "../../document/index.ts";
import { type Field, reportIssue } from "../decode.ts";
import type { Spot } from "../source-node.ts";
import { type PartitionModel, type PartitionSettingModel, itemsOf, textOf } from "./model.ts";
import type { ImageConfig } from "./model.ts";

/** Reports that a value breaks one of the toolkit's rules. */
export type Report = (spot: Spot, message: string, more?: Partial<Issue>) => void;

export function createReport(issues: Issue[]): Report {
  return (spot, message, more) => {
    reportIssue(issues, spot, message, more);
  };
}

/** Where a field is, or would be: below what encloses it. */
export function spotOf(field: Field<unknown> | undefined, enclosing: Spot, name: string): Spot {
  return field?.spot ?? { ...enclosing, path: [...enclosing.path, name] };
}

/** A partition setting with the partition of the same ID. */
export interface MountedPartition {
  readonly setting: Field<PartitionSettingModel>;
  readonly partition: Field<PartitionModel> | undefined;
  /** The partition table type of the disk that the partition is on. */
  readonly tableType: string;
}

export function joinPartitions(
  { Disks }: ImageConfig,
  settings: readonly Field<PartitionSettingModel>[],
): MountedPartition[] {
  // Reversed: of partitions with the same ID the first counts, and the others are another rule's.
  const byId = new Map(
    [...itemsOf(Disks)]
      .reverse()
      .flatMap(({ value: disk }) =>
        [...itemsOf(disk.Partitions)]
          .reverse()
          .map(
            (partition) =>
              [textOf(partition.value.ID), { partition, tableType: textOf(disk.PartitionTableType) }] as const,
          ),
      ),
  );
  return settings.map((setting) => {
    const joined = byId.get(textOf(setting.value.ID));
    return { setting, partition: joined?.partition, tableType: joined?.tableType ?? "" };
  });
}

export function hasFlag({ value }: Field<PartitionModel>, flag: string): boolean {
  return itemsOf(value.Flags).some((field) => field.value === flag);
}

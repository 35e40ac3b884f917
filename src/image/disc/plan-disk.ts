import { COMPOSER_NAMESPACE, ComposerError, uuidV5 } from "../../core/index.ts";
import type { DiskSection, PartitionSection } from "../../config/index.ts";
import { checkDisk, type DiskCheckOptions, mountPointOf } from "./check-disk.ts";
import { type DiskPlan, type FileSystemPlan, type PartitionPlan, SECTOR_BYTES } from "./disk-plan.ts";
import { fatTypeFor } from "./fat-geometry.ts";
import { type Extent, layOutPartitions } from "./lay-out-partitions.ts";
import { partitionTypeOf } from "./partition-types.ts";

export interface DiskPlanOptions extends DiskCheckOptions {
  /** What all UUIDs of the disk are made from: the build key. */
  readonly identity: string;
}

/** The attribute that old BIOS boot loaders look for. @see UEFI specification, table 5.8 */
const LEGACY_BOOT_BIT = 2;

/**
 * Decides every number and identifier of a disk: the same section and identity give the same plan.
 *
 * @throws {IMAGE_PLAN_INVALID} the details name every fault, as {@link checkDisk} finds them
 * @throws {TEMPLATE_UNSUPPORTED} the section has no fault, but asks for what cannot be made yet
 */
export function planDisk(disk: DiskSection, options: DiskPlanOptions): DiskPlan {
  const issues = checkDisk(disk, options);
  const [first] = [...issues.filter(({ code }) => code === "IMAGE_PLAN_INVALID"), ...issues];
  if (first !== undefined) {
    throw new ComposerError(first.code, `Cannot plan the disk: ${first.path}: ${first.message}`, {
      hint: first.hint,
      details: issues.map(({ path, message, hint }) => `${path}: ${message}. ${hint}`),
    });
  }
  const { diskBytes, extents } = layOutPartitions(disk);
  const uuidOf = (purpose: string): string => uuidV5(COMPOSER_NAMESPACE, `${options.identity}/disk/${purpose}`);
  const partitions = (disk.partitions ?? []).flatMap((partition, index) => {
    const extent = extents[index];
    return extent === undefined ? [] : [planPartition(partition, index, extent, options, uuidOf)];
  });
  return { sizeBytes: diskBytes, diskGuid: uuidOf("table"), partitions };
}

type UuidOf = (purpose: string) => string;

function planPartition(
  partition: PartitionSection,
  index: number,
  extent: Extent,
  options: DiskPlanOptions,
  uuidOf: UuidOf,
): PartitionPlan {
  const number = partition.index ?? index + 1;
  const sizeBytes = extent.endBytes - extent.startBytes;
  const mountPoint = mountPointOf(partition);
  const { id, mountOptions } = partition;
  return {
    number,
    ...(id === undefined ? {} : { id }),
    name: partition.name ?? id ?? `partition-${number}`,
    typeGuid: partitionTypeOf(partition, options.architecture) ?? "",
    partUuid: uuidOf(`partition/${number}`),
    startLba: extent.startBytes / SECTOR_BYTES,
    sectorCount: sizeBytes / SECTOR_BYTES,
    offsetBytes: extent.startBytes,
    sizeBytes,
    attributeBits: partition.flags?.includes("legacy_boot") === true ? [LEGACY_BOOT_BIT] : [],
    ...(partition.fsType === undefined
      ? {}
      : { fs: planFileSystem(partition.fsType, partition.fsLabel ?? "", sizeBytes, number, uuidOf) }),
    ...(mountPoint === undefined ? {} : { mountPoint }),
    ...(mountOptions === undefined || mountOptions === "" ? {} : { mountOptions }),
  };
}

function planFileSystem(
  fsType: string,
  label: string,
  sizeBytes: number,
  number: number,
  uuidOf: UuidOf,
): FileSystemPlan {
  const uuid = uuidOf(`filesystem/${number}`);
  if (fsType === "ext4") return { type: "ext4", uuid, hashSeed: uuidOf(`hash-seed/${number}`), label };
  const volumeId = uuid.slice(0, 8).toUpperCase();
  return {
    type: fsType === "fat16" || fsType === "fat32" ? fsType : fatTypeFor(sizeBytes),
    volumeId: Number.parseInt(volumeId, 16),
    uuid: `${volumeId.slice(0, 4)}-${volumeId.slice(4)}`,
    label,
  };
}

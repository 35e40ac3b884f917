export const SECTOR_BYTES = 512;
/** Partitions start and end at multiples of this, whatever the physical sectors of the device are. */
export const ALIGNMENT_BYTES = 1024 * 1024;

/** A disk and its partitions, every number and identifier decided. Plain JSON values only: it is part of step keys. */
export interface DiskPlan {
  readonly sizeBytes: number;
  readonly diskGuid: string;
  /** In the order of their place on the disk. */
  readonly partitions: readonly PartitionPlan[];
}

export interface PartitionPlan {
  /** Place in the partition table, from 1. */
  readonly number: number;
  /** By which other fields of a template refer to it. */
  readonly id?: string;
  readonly name: string;
  readonly typeGuid: string;
  readonly partUuid: string;
  readonly startLba: number;
  readonly sectorCount: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Bits of the GPT attributes that are set. @see UEFI specification, table 5.8 */
  readonly attributeBits: readonly number[];
  /** Absent: the partition is left unformatted. */
  readonly fs?: FileSystemPlan;
  /** Absolute; absent when it is not mounted. */
  readonly mountPoint?: string;
  readonly mountOptions?: string;
}

export type FileSystemPlan = FatPlan | Ext4Plan;

export interface FatPlan {
  readonly type: "fat16" | "fat32";
  /** 32 bits. */
  readonly volumeId: number;
  /** The volume id as blkid prints it: `ABCD-1234`. */
  readonly uuid: string;
  /** At most 11 characters; empty for none. */
  readonly label: string;
}

export interface Ext4Plan {
  readonly type: "ext4";
  readonly uuid: string;
  /** Seed of the directory hashes, a UUID. */
  readonly hashSeed: string;
  /** At most 16 bytes; empty for none. */
  readonly label: string;
}

/** The partition that is mounted at `mountPoint`. */
export function partitionAt(plan: DiskPlan, mountPoint: string): PartitionPlan | undefined {
  return plan.partitions.find((partition) => partition.mountPoint === mountPoint);
}

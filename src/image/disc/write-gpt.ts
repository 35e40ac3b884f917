import { crc32 } from "node:zlib";
import { uuidBytes } from "../../core/index.ts";
import type { OpenFile } from "../../host/index.ts";
import { type DiskPlan, type PartitionPlan, SECTOR_BYTES } from "./disk-plan.ts";

const ENTRY_COUNT = 128;
const ENTRY_BYTES = 128;
const ENTRIES_SECTORS = (ENTRY_COUNT * ENTRY_BYTES) / SECTOR_BYTES;
const HEADER_BYTES = 92;
const REVISION = 0x00010000;
/** The protective MBR and the primary header lie before the primary entries. */
const FIRST_USABLE_LBA = 2 + ENTRIES_SECTORS;

/** Sectors at the end of a disk that the backup entries and the backup header take. */
export const BACKUP_GPT_SECTORS = ENTRIES_SECTORS + 1;

/** The bytes of a GUID partition table, at both ends of a disk. */
export interface EncodedGpt {
  /** Protective MBR, header and entries: for offset 0. */
  readonly primary: Uint8Array;
  /** Entries and header: for `backupOffsetBytes`. */
  readonly backup: Uint8Array;
  readonly backupOffsetBytes: number;
}

/**
 * Writes both partition tables of a disk and nothing else; the boot code area of the MBR becomes zero.
 *
 * @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE}
 */
export async function writeGpt(file: OpenFile, plan: DiskPlan): Promise<void> {
  const gpt = encodeGpt(plan);
  await file.writeAt(gpt.backupOffsetBytes, gpt.backup);
  await file.writeAt(0, gpt.primary);
}

/** @see UEFI specification, section 5.3 */
export function encodeGpt(plan: DiskPlan): EncodedGpt {
  const lastLba = plan.sizeBytes / SECTOR_BYTES - 1;
  const entries = encodeEntries(plan.partitions);
  const backupEntriesLba = lastLba - ENTRIES_SECTORS;
  const primaryHeader = encodeHeader(plan, entries, { lba: 1, otherLba: lastLba, entriesLba: 2 });
  const backupHeader = encodeHeader(plan, entries, { lba: lastLba, otherLba: 1, entriesLba: backupEntriesLba });
  return {
    primary: Buffer.concat([encodeProtectiveMbr(lastLba), primaryHeader, entries]),
    backup: Buffer.concat([entries, backupHeader]),
    backupOffsetBytes: backupEntriesLba * SECTOR_BYTES,
  };
}

/** @see UEFI specification, section 5.2.3 */
function encodeProtectiveMbr(lastLba: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  const record = sector.subarray(446, 462);
  // LBA 1 is cylinder 0, head 0, sector 2; the end lies beyond what cylinders, heads and sectors can say.
  record.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff]);
  record.writeUInt32LE(1, 8);
  record.writeUInt32LE(Math.min(lastLba, 0xffffffff), 12);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

interface HeaderPlace {
  readonly lba: number;
  readonly otherLba: number;
  readonly entriesLba: number;
}

function encodeHeader(plan: DiskPlan, entries: Buffer, place: HeaderPlace): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.write("EFI PART", 0, "latin1");
  sector.writeUInt32LE(REVISION, 8);
  sector.writeUInt32LE(HEADER_BYTES, 12);
  writeLba(sector, place.lba, 24);
  writeLba(sector, place.otherLba, 32);
  writeLba(sector, FIRST_USABLE_LBA, 40);
  writeLba(sector, plan.sizeBytes / SECTOR_BYTES - BACKUP_GPT_SECTORS - 1, 48);
  sector.set(guidBytes(plan.diskGuid), 56);
  writeLba(sector, place.entriesLba, 72);
  sector.writeUInt32LE(ENTRY_COUNT, 80);
  sector.writeUInt32LE(ENTRY_BYTES, 84);
  sector.writeUInt32LE(crc32(entries), 88);
  // The checksum covers the header with its own field still zero.
  sector.writeUInt32LE(crc32(sector.subarray(0, HEADER_BYTES)), 16);
  return sector;
}

function encodeEntries(partitions: readonly PartitionPlan[]): Buffer {
  const entries = Buffer.alloc(ENTRY_COUNT * ENTRY_BYTES);
  for (const partition of partitions) {
    const entry = entries.subarray((partition.number - 1) * ENTRY_BYTES, partition.number * ENTRY_BYTES);
    entry.set(guidBytes(partition.typeGuid), 0);
    entry.set(guidBytes(partition.partUuid), 16);
    writeLba(entry, partition.startLba, 32);
    writeLba(entry, partition.startLba + partition.sectorCount - 1, 40);
    entry.writeBigUInt64LE(
      partition.attributeBits.reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n),
      48,
    );
    entry.write(partition.name, 56, 72, "utf16le");
  }
  return entries;
}

/** A GUID as disks hold it: the first three fields little-endian. @see UEFI specification, appendix A */
function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(uuidBytes(guid));
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

function writeLba(target: Buffer, lba: number, offset: number): void {
  target.writeBigUInt64LE(BigInt(lba), offset);
}

import { FAT_COPIES, FAT_SECTOR_BYTES, type FatGeometry } from "./fat-geometry.ts";

export const MEDIA_FIXED = 0xf8;
export const FS_INFO_SECTOR = 1;
export const BACKUP_BOOT_SECTOR = 6;
export const ROOT_CLUSTER = 2;

const FAT32_FIELDS_BYTES = 28;
const NO_LABEL = "NO NAME";
/** `int 18h`, then a loop: a BIOS that comes here goes on to the next device. */
const BOOT_CODE = [0xcd, 0x18, 0xeb, 0xfe];

export interface BootSectorContent {
  readonly geometry: FatGeometry;
  /** Sectors before the file system: the LBA of its partition. */
  readonly hiddenSectors: number;
  readonly volumeId: number;
  readonly label: string;
}

/** @see Microsoft FAT specification, sections 3.1 to 3.4 */
export function encodeBootSector({ geometry, hiddenSectors, volumeId, label }: BootSectorContent): Buffer {
  const isFat32 = geometry.type === "fat32";
  const sector = Buffer.alloc(FAT_SECTOR_BYTES);
  const extendedOffset = isFat32 ? 36 + FAT32_FIELDS_BYTES : 36;
  const codeOffset = extendedOffset + 26;
  sector.set([0xeb, codeOffset - 2, 0x90], 0);
  sector.write("MSWIN4.1", 3, "latin1");
  sector.writeUInt16LE(FAT_SECTOR_BYTES, 11);
  sector.writeUInt8(geometry.sectorsPerCluster, 13);
  sector.writeUInt16LE(geometry.reservedSectors, 14);
  sector.writeUInt8(FAT_COPIES, 16);
  sector.writeUInt16LE(geometry.rootEntryCount, 17);
  const isSmall = !isFat32 && geometry.sectorCount < 0x10000;
  sector.writeUInt16LE(isSmall ? geometry.sectorCount : 0, 19);
  sector.writeUInt8(MEDIA_FIXED, 21);
  sector.writeUInt16LE(isFat32 ? 0 : geometry.fatSectors, 22);
  // Sectors per track and heads: what every BIOS assumes for large disks.
  sector.writeUInt16LE(63, 24);
  sector.writeUInt16LE(255, 26);
  sector.writeUInt32LE(hiddenSectors, 28);
  sector.writeUInt32LE(isSmall ? 0 : geometry.sectorCount, 32);
  if (isFat32) {
    sector.writeUInt32LE(geometry.fatSectors, 36);
    sector.writeUInt32LE(ROOT_CLUSTER, 44);
    sector.writeUInt16LE(FS_INFO_SECTOR, 48);
    sector.writeUInt16LE(BACKUP_BOOT_SECTOR, 50);
  }
  const extended = sector.subarray(extendedOffset);
  extended.writeUInt8(0x80, 0);
  extended.writeUInt8(0x29, 2);
  extended.writeUInt32LE(volumeId, 3);
  extended.write((label === "" ? NO_LABEL : label).padEnd(11), 7, "latin1");
  extended.write(isFat32 ? "FAT32   " : "FAT16   ", 18, "latin1");
  sector.set(BOOT_CODE, codeOffset);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

/** @see Microsoft FAT specification, section 5 */
export function encodeFsInfo(geometry: FatGeometry, usedClusters: number): Buffer {
  const sector = Buffer.alloc(FAT_SECTOR_BYTES);
  sector.writeUInt32LE(0x41615252, 0);
  sector.writeUInt32LE(0x61417272, 484);
  sector.writeUInt32LE(geometry.clusterCount - usedClusters, 488);
  // A hint: the cluster that was taken last.
  sector.writeUInt32LE(usedClusters + 1, 492);
  sector.writeUInt16BE(0x55aa, 510);
  return sector;
}

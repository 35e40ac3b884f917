export const FAT_SECTOR_BYTES = 512;
export const FAT_COPIES = 2;
export const DIRECTORY_ENTRY_BYTES = 32;

export type FatType = "fat16" | "fat32";

/** Where the parts of a FAT file system lie; sectors count from its first one. */
export interface FatGeometry {
  readonly type: FatType;
  readonly sectorCount: number;
  readonly sectorsPerCluster: number;
  readonly clusterBytes: number;
  readonly reservedSectors: number;
  readonly fatSectors: number;
  /** Entries of the root directory of FAT16; 0 for FAT32, whose root directory is a chain of clusters. */
  readonly rootEntryCount: number;
  /** First sector of cluster 2, the first one. */
  readonly dataSector: number;
  readonly clusterCount: number;
}

/** Readers tell FAT16 from FAT32 by the number of clusters alone; the specification advises to keep 16 away from the limits. */
const MARGIN = 16;
const FAT16_CLUSTERS = { least: 4085 + MARGIN, most: 65524 - MARGIN };
const FAT32_CLUSTERS = { least: 65525 + MARGIN, most: 0x0ffffff4 - MARGIN };

const CLUSTER_SIZES = [1, 2, 4, 8, 16, 32, 64];
const MIB = 1024 * 1024;

/**
 * The geometry of a FAT file system of a type and size; the cluster size follows from both.
 *
 * @returns undefined when no cluster size gives a number of clusters that is legal for the type
 * @see Microsoft FAT specification, section 3.5
 */
export function planFatGeometry(type: FatType, sizeBytes: number): FatGeometry | undefined {
  return candidateClusterSizes(type, sizeBytes)
    .map((sectorsPerCluster) => geometryOf(type, Math.floor(sizeBytes / FAT_SECTOR_BYTES), sectorsPerCluster))
    .find(isLegal);
}

/** FAT32 as UEFI asks for it, where that many clusters fit; FAT16 below. */
export function fatTypeFor(sizeBytes: number): FatType {
  return planFatGeometry("fat32", sizeBytes) === undefined ? "fat16" : "fat32";
}

/** The best first: the recommended size for FAT32, then ever smaller ones; the smallest legal one for FAT16. */
function candidateClusterSizes(type: FatType, sizeBytes: number): number[] {
  if (type === "fat16") return CLUSTER_SIZES;
  const recommended =
    sizeBytes <= 260 * MIB
      ? 1
      : sizeBytes <= 8192 * MIB
        ? 8
        : sizeBytes <= 16384 * MIB
          ? 16
          : sizeBytes <= 32768 * MIB
            ? 32
            : 64;
  return CLUSTER_SIZES.filter((size) => size <= recommended).reverse();
}

function geometryOf(type: FatType, sectorCount: number, sectorsPerCluster: number): FatGeometry {
  const rootEntryCount = type === "fat16" ? 512 : 0;
  const rootSectors = (rootEntryCount * DIRECTORY_ENTRY_BYTES) / FAT_SECTOR_BYTES;
  const reservedSectors = type === "fat16" ? sectorsPerCluster : Math.max(32, sectorsPerCluster);
  const entryBytes = type === "fat16" ? 2 : 4;
  // As if the tables took no room: they come out a little long, which is allowed. Rounded, so that clusters stay aligned.
  const mostClusters = Math.floor((sectorCount - reservedSectors - rootSectors) / sectorsPerCluster);
  const fatSectors = roundUp(Math.ceil(((mostClusters + 2) * entryBytes) / FAT_SECTOR_BYTES), sectorsPerCluster);
  const dataSector = reservedSectors + FAT_COPIES * fatSectors + rootSectors;
  return {
    type,
    sectorCount,
    sectorsPerCluster,
    clusterBytes: sectorsPerCluster * FAT_SECTOR_BYTES,
    reservedSectors,
    fatSectors,
    rootEntryCount,
    dataSector,
    clusterCount: Math.floor((sectorCount - dataSector) / sectorsPerCluster),
  };
}

function isLegal(geometry: FatGeometry): boolean {
  const { least, most } = geometry.type === "fat16" ? FAT16_CLUSTERS : FAT32_CLUSTERS;
  return geometry.clusterCount >= least && geometry.clusterCount <= most && geometry.sectorCount <= 0xffffffff;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

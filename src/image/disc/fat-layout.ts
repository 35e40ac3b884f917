import { compareCodeUnits, ComposerError, formatSize } from "../../core/index.ts";
import { ROOT_CLUSTER } from "./fat-boot-sector.ts";
import { entryCountOf } from "./fat-entries.ts";
import { DIRECTORY_ENTRY_BYTES, FAT_SECTOR_BYTES, type FatGeometry } from "./fat-geometry.ts";
import { type DirectoryName, planNames } from "./fat-names.ts";

export interface FatFile {
  readonly kind: "file";
  readonly name: string;
  readonly sizeBytes: number;
  /** Called once; must give `sizeBytes` bytes. */
  readonly content: () => AsyncIterable<Uint8Array>;
}

export interface FatDirectory {
  readonly kind: "directory";
  readonly name: string;
  readonly children: readonly FatNode[];
}

export type FatNode = FatFile | FatDirectory;

/** A run of clusters; all files and directories are contiguous. */
export interface ClusterRun {
  /** 0 when there is none. */
  readonly firstCluster: number;
  readonly clusterCount: number;
}

export interface PlacedFile extends ClusterRun {
  readonly path: string;
  readonly names: DirectoryName;
  readonly file: FatFile;
}

export interface PlacedDirectory extends ClusterRun {
  readonly path: string;
  /** Undefined for the root directory. */
  readonly names: DirectoryName | undefined;
  readonly children: readonly (PlacedFile | PlacedDirectory)[];
}

export interface FatLayout {
  readonly root: PlacedDirectory;
  readonly usedClusters: number;
}

const MAX_FILE_BYTES = 0xffffffff;
const MAX_DIRECTORY_BYTES = 65536 * DIRECTORY_ENTRY_BYTES;

/**
 * Gives every file and directory its clusters, in the order of their names.
 *
 * @throws {IMAGE_TOO_SMALL} the tree needs more clusters than there are
 * @throws {IMAGE_PLAN_INVALID} a name, a file or a directory that FAT cannot hold
 */
export function layOutFat(geometry: FatGeometry, tree: readonly FatNode[], hasLabel: boolean): FatLayout {
  let nextCluster = ROOT_CLUSTER;
  const take = (sizeBytes: number): ClusterRun => {
    const clusterCount = Math.ceil(sizeBytes / geometry.clusterBytes);
    const firstCluster = clusterCount === 0 ? 0 : nextCluster;
    nextCluster += clusterCount;
    return { firstCluster, clusterCount };
  };

  const place = (nodes: readonly FatNode[], path: string, names?: DirectoryName): PlacedDirectory => {
    const sorted = [...nodes].sort((a, b) => compareCodeUnits(a.name, b.name));
    const childNames = planNames(
      sorted.map(({ name }) => name),
      path,
    );
    const isRoot = names === undefined;
    const extraEntries = isRoot ? Number(hasLabel) : 2;
    const entryCount = childNames.reduce((count, name) => count + entryCountOf(name), extraEntries);
    const run = take(directoryBytes(geometry, path, entryCount, isRoot));
    const children = sorted.flatMap((node, index): (PlacedFile | PlacedDirectory)[] => {
      const childName = childNames[index];
      if (childName === undefined) return [];
      const childPath = path === "/" ? `/${node.name}` : `${path}/${node.name}`;
      if (node.kind === "directory") return [place(node.children, childPath, childName)];
      checkFileSize(node, childPath);
      return [{ ...take(node.sizeBytes), path: childPath, names: childName, file: node }];
    });
    return { ...run, path, names, children };
  };

  const root = place(tree, "/");
  const usedClusters = nextCluster - ROOT_CLUSTER;
  if (usedClusters > geometry.clusterCount) throw tooSmall(geometry, usedClusters);
  return { root, usedClusters };
}

/** Bytes that the entries of a directory take in clusters; a directory has at least one. */
function directoryBytes(geometry: FatGeometry, path: string, entryCount: number, isRoot: boolean): number {
  const bytes = entryCount * DIRECTORY_ENTRY_BYTES;
  const isFixed = isRoot && geometry.rootEntryCount > 0;
  const limit = isFixed ? geometry.rootEntryCount * DIRECTORY_ENTRY_BYTES : MAX_DIRECTORY_BYTES;
  if (bytes > limit) {
    throw new ComposerError(
      "IMAGE_PLAN_INVALID",
      `Cannot fill "${path}" of a FAT file system: its names need ${entryCount} entries, ${limit / DIRECTORY_ENTRY_BYTES} are possible`,
    );
  }
  return isFixed ? 0 : Math.max(1, bytes);
}

function checkFileSize(file: FatFile, path: string): void {
  if (Number.isSafeInteger(file.sizeBytes) && file.sizeBytes >= 0 && file.sizeBytes <= MAX_FILE_BYTES) return;
  throw new ComposerError(
    "IMAGE_PLAN_INVALID",
    `Cannot put "${path}" into a FAT file system: ${formatSize(file.sizeBytes)} is beyond its limit of 4 GiB`,
  );
}

function tooSmall(geometry: FatGeometry, usedClusters: number): ComposerError {
  const overheadBytes = geometry.sectorCount * FAT_SECTOR_BYTES - geometry.clusterCount * geometry.clusterBytes;
  const neededBytes = usedClusters * geometry.clusterBytes + overheadBytes;
  const haveBytes = geometry.sectorCount * FAT_SECTOR_BYTES;
  return new ComposerError(
    "IMAGE_TOO_SMALL",
    `Cannot fill the FAT file system: it has ${formatSize(haveBytes)}, its files need ${formatSize(neededBytes)}`,
    { hint: `Make its partition at least ${Math.ceil(neededBytes / 1024 ** 2) + 1} MiB large` },
  );
}

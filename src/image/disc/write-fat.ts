import { ComposerError } from "../../core/index.ts";
import type { OpenFile } from "../../host/index.ts";
import { BACKUP_BOOT_SECTOR, encodeBootSector, encodeFsInfo, FS_INFO_SECTOR, MEDIA_FIXED } from "./fat-boot-sector.ts";
import { ATTRIBUTE, encodeEntry, type FatTime, fatTimeOf } from "./fat-entries.ts";
import { FAT_COPIES, FAT_SECTOR_BYTES, type FatGeometry, fatTypeFor, planFatGeometry } from "./fat-geometry.ts";
import {
  type ClusterRun,
  type FatLayout,
  type FatNode,
  layOutFat,
  type PlacedDirectory,
  type PlacedFile,
} from "./fat-layout.ts";

export type { FatDirectory, FatFile, FatNode } from "./fat-layout.ts";

export interface FatOptions {
  /** Where the file system begins in the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** The LBA of its partition. */
  readonly hiddenSectors: number;
  /** "auto": FAT32 where it is possible, else FAT16. */
  readonly type: "fat16" | "fat32" | "auto";
  /** 32 bits. */
  readonly volumeId: number;
  /** At most 11 upper-case characters; empty for none. */
  readonly label: string;
  /** The time of every file and directory, in seconds since 1970. */
  readonly timeSeconds: number;
}

/**
 * Makes a FAT file system with a tree in it, inside a file: the same tree and options give the same bytes.
 *
 * The place must be a hole or zeros: zeros are not written.
 *
 * @throws {IMAGE_TOO_SMALL} the tree does not fit
 * @throws {IMAGE_PLAN_INVALID} the size is not possible for the type, FAT cannot hold a file or its name, or a file is
 *   not as long as it was said to be
 * @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE}
 * @see Microsoft FAT specification ("FAT: General Overview of On-Disk Format")
 */
export async function writeFat(file: OpenFile, options: FatOptions, tree: readonly FatNode[]): Promise<void> {
  const type = options.type === "auto" ? fatTypeFor(options.sizeBytes) : options.type;
  const geometry = planFatGeometry(type, options.sizeBytes);
  if (geometry === undefined) {
    throw new ComposerError("IMAGE_PLAN_INVALID", `Cannot make a ${type} file system of ${options.sizeBytes} bytes`);
  }
  const layout = layOutFat(geometry, tree, options.label !== "");
  const writer: FatWriter = {
    geometry,
    time: fatTimeOf(options.timeSeconds),
    label: options.label,
    write: async (offset, bytes) => {
      if (!isZero(bytes)) await file.writeAt(options.offsetBytes + offset, bytes);
    },
  };
  await writeReservedSectors(writer, options, layout);
  await writeTables(writer, layout);
  await writeDirectory(writer, layout.root, 0);
}

interface FatWriter {
  readonly geometry: FatGeometry;
  readonly time: FatTime;
  readonly label: string;
  /** Offset from the beginning of the file system. */
  readonly write: (offset: number, bytes: Uint8Array) => Promise<void>;
}

async function writeReservedSectors(writer: FatWriter, options: FatOptions, layout: FatLayout): Promise<void> {
  const { geometry } = writer;
  const bootSector = encodeBootSector({ ...options, geometry });
  await writer.write(0, bootSector);
  if (geometry.type === "fat16") return;
  const fsInfo = encodeFsInfo(geometry, layout.usedClusters);
  await writer.write(FS_INFO_SECTOR * FAT_SECTOR_BYTES, fsInfo);
  await writer.write(BACKUP_BOOT_SECTOR * FAT_SECTOR_BYTES, bootSector);
  await writer.write((BACKUP_BOOT_SECTOR + FS_INFO_SECTOR) * FAT_SECTOR_BYTES, fsInfo);
}

/** Only the used beginning of each table: the rest says "free" by being zero. */
async function writeTables(writer: FatWriter, layout: FatLayout): Promise<void> {
  const { geometry } = writer;
  const entryCount = layout.usedClusters + 2;
  const next = new Uint32Array(entryCount);
  next[0] = 0x0fffff00 | MEDIA_FIXED;
  next[1] = 0x0fffffff;
  for (const { firstCluster, clusterCount } of runsOf(layout.root)) {
    for (let index = 0; index < clusterCount; index += 1) {
      next[firstCluster + index] = index === clusterCount - 1 ? 0x0fffffff : firstCluster + index + 1;
    }
  }
  const table = Buffer.alloc(entryCount * (geometry.type === "fat32" ? 4 : 2));
  next.forEach((value, cluster) => {
    if (geometry.type === "fat32") table.writeUInt32LE(value, cluster * 4);
    else table.writeUInt16LE(value & 0xffff, cluster * 2);
  });
  for (let copy = 0; copy < FAT_COPIES; copy += 1) {
    await writer.write((geometry.reservedSectors + copy * geometry.fatSectors) * FAT_SECTOR_BYTES, table);
  }
}

function* runsOf(directory: PlacedDirectory): Generator<ClusterRun> {
  yield directory;
  for (const child of directory.children) {
    if ("file" in child) yield child;
    else yield* runsOf(child);
  }
}

/** @param parentCluster 0 when the parent is the root directory */
async function writeDirectory(writer: FatWriter, directory: PlacedDirectory, parentCluster: number): Promise<void> {
  const { time, label } = writer;
  const special = (name: string, attribute: number, firstCluster: number): Buffer =>
    encodeEntry(
      { short: Buffer.from(name.padEnd(11), "latin1"), long: undefined },
      { attribute, firstCluster, sizeBytes: 0, time },
    );
  const isRoot = directory.names === undefined;
  const entries = isRoot
    ? label === ""
      ? []
      : [special(label, ATTRIBUTE.volumeLabel, 0)]
    : [special(".", ATTRIBUTE.directory, directory.firstCluster), special("..", ATTRIBUTE.directory, parentCluster)];
  for (const child of directory.children) entries.push(encodeChild(child, time));
  await writer.write(directoryOffset(writer.geometry, directory), Buffer.concat(entries));
  for (const child of directory.children) {
    if ("file" in child) await writeContent(writer, child);
    else await writeDirectory(writer, child, isRoot ? 0 : directory.firstCluster);
  }
}

function encodeChild(child: PlacedFile | PlacedDirectory, time: FatTime): Buffer {
  const { names, firstCluster } = child;
  if (names === undefined) return Buffer.alloc(0);
  return "file" in child
    ? encodeEntry(names, { attribute: ATTRIBUTE.archive, firstCluster, sizeBytes: child.file.sizeBytes, time })
    : encodeEntry(names, { attribute: ATTRIBUTE.directory, firstCluster, sizeBytes: 0, time });
}

async function writeContent(writer: FatWriter, { file, firstCluster, path }: PlacedFile): Promise<void> {
  const offset = clusterOffset(writer.geometry, firstCluster);
  let written = 0;
  for await (const chunk of file.content()) {
    if (written + chunk.length > file.sizeBytes) throw wrongLength(path, file.sizeBytes, "more");
    await writer.write(offset + written, chunk);
    written += chunk.length;
  }
  if (written < file.sizeBytes) throw wrongLength(path, file.sizeBytes, `only ${written}`);
}

/** The root directory of FAT16 lies before the clusters. */
function directoryOffset(geometry: FatGeometry, directory: PlacedDirectory): number {
  return directory.clusterCount === 0
    ? (geometry.reservedSectors + FAT_COPIES * geometry.fatSectors) * FAT_SECTOR_BYTES
    : clusterOffset(geometry, directory.firstCluster);
}

function clusterOffset(geometry: FatGeometry, cluster: number): number {
  return geometry.dataSector * FAT_SECTOR_BYTES + (cluster - 2) * geometry.clusterBytes;
}

function wrongLength(path: string, sizeBytes: number, given: string): ComposerError {
  return new ComposerError(
    "IMAGE_PLAN_INVALID",
    `Cannot write "${path}" into the FAT file system: it was said to have ${sizeBytes} bytes, ${given} came`,
    { hint: "Something changes the file while the image is made; build again" },
  );
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.length === 0 || (bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0);
}

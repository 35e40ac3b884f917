import { formatSize, parseSize } from "../../core/index.ts";
import type { DiskSection, PartitionSection } from "../../config/index.ts";
import type { DiskIssue } from "./disk-issue.ts";
import { ALIGNMENT_BYTES, SECTOR_BYTES } from "./disk-plan.ts";
import { BACKUP_GPT_SECTORS } from "./write-gpt.ts";

/** Sectors are counted with 32 bits in an MBR. */
const MAX_MBR_BYTES = 2 ** 32 * SECTOR_BYTES;

/** The place of a partition; `endBytes` is the first byte after it. */
export interface Extent {
  readonly startBytes: number;
  readonly endBytes: number;
}

export interface PartitionLayout {
  readonly diskBytes: number;
  /** One for each partition of the template. */
  readonly extents: readonly Extent[];
  readonly issues: readonly DiskIssue[];
}

/** Finds the place of every partition; when there are issues, the places are not to be used. */
export function layOutPartitions(disk: DiskSection): PartitionLayout {
  const size = diskSize(disk);
  if (typeof size !== "number") return { diskBytes: 0, extents: [], issues: [size] };
  const isMbr = disk.partitionTableType === "mbr";
  const tableEnd = isMbr ? Math.min(size, MAX_MBR_BYTES) : size - BACKUP_GPT_SECTORS * SECTOR_BYTES;
  const usableEnd = Math.floor(tableEnd / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const partitions = disk.partitions ?? [];
  const issues: DiskIssue[] = [];
  const extents: Extent[] = [];
  let previousEnd = ALIGNMENT_BYTES;
  partitions.forEach((partition, index) => {
    const isLast = index === partitions.length - 1;
    const place = placeOf(partition, `disk.partitions[${index}]`, { previousEnd, usableEnd, isLast, isMbr });
    issues.push(...place.issues);
    extents.push(place.extent);
    previousEnd = Math.max(previousEnd, place.extent.endBytes);
  });
  return { diskBytes: size, extents, issues };
}

function diskSize(disk: DiskSection): number | DiskIssue {
  const path = "disk.size";
  if (disk.size === undefined) return invalid(path, "is missing", 'Say how large the disk is, for example "4GiB"');
  const size = parseSize(disk.size);
  if (size === undefined) return invalid(path, `"${disk.size}" is no size`, 'Write it like "4GiB"');
  if (size % SECTOR_BYTES !== 0) {
    return invalid(path, `"${disk.size}" is no multiple of ${SECTOR_BYTES} bytes`, 'Use a binary unit, like "4GiB"');
  }
  if (size < 3 * ALIGNMENT_BYTES) {
    return invalid(path, `"${disk.size}" leaves no room for a partition`, "Use at least 3MiB");
  }
  return size;
}

interface Room {
  readonly previousEnd: number;
  readonly usableEnd: number;
  readonly isLast: boolean;
  readonly isMbr: boolean;
}

function placeOf(
  partition: PartitionSection,
  path: string,
  room: Room,
): { readonly extent: Extent; readonly issues: readonly DiskIssue[] } {
  const issues: DiskIssue[] = [];
  const startBytes = partition.start === undefined ? room.previousEnd : parseSize(partition.start);
  const end = partition.end === undefined ? undefined : parseSize(partition.end);
  const endBytes = end === 0 ? room.usableEnd : end;
  if (startBytes === undefined) {
    issues.push(invalid(`${path}.start`, `"${partition.start}" is no size`, 'Write it like "513MiB"'));
  }
  if (endBytes === undefined) {
    const state = partition.end === undefined ? "is missing" : `"${partition.end}" is no size`;
    issues.push(invalid(`${path}.end`, state, 'Write where it ends, like "513MiB", or "0" for the rest of the disk'));
  }
  if (startBytes === undefined || endBytes === undefined) {
    return { extent: { startBytes: room.previousEnd, endBytes: room.previousEnd }, issues };
  }
  if (startBytes % ALIGNMENT_BYTES !== 0) issues.push(misaligned(`${path}.start`, partition.start, startBytes));
  if (endBytes % ALIGNMENT_BYTES !== 0) issues.push(misaligned(`${path}.end`, partition.end, endBytes));
  if (startBytes < room.previousEnd) issues.push(tooEarly(`${path}.start`, startBytes, room.previousEnd));
  if (end === 0 && !room.isLast) {
    const message = "takes the rest of the disk before the last partition";
    // What comes after it is not to blame: it counts as empty.
    return {
      extent: { startBytes, endBytes: startBytes },
      issues: [...issues, invalid(`${path}.end`, message, "Give its end as a size")],
    };
  }
  if (endBytes > room.usableEnd) {
    issues.push(
      invalid(
        `${path}.end`,
        `${exact(endBytes)} is beyond ${exact(room.usableEnd)}, the end of the room for partitions`,
        room.isMbr
          ? 'Make "disk.size" larger, write "0" for the rest of the disk, or use "gpt" beyond 2 TiB'
          : 'Make "disk.size" larger (1 MiB at its end belongs to the partition table), or write "0" for the rest of the disk',
      ),
    );
  } else if (endBytes <= startBytes) {
    const state = end === 0 ? "has no room left on the disk" : "is not after the start of the partition";
    issues.push(invalid(`${path}.end`, state, `It starts at ${exact(startBytes)}`));
  }
  return { extent: { startBytes, endBytes }, issues };
}

function tooEarly(path: string, startBytes: number, previousEnd: number): DiskIssue {
  return startBytes < ALIGNMENT_BYTES
    ? invalid(path, "lies in the partition table", 'Start the first partition at "1MiB"')
    : invalid(
        path,
        `${exact(startBytes)} is before ${exact(previousEnd)}, where the partition before it ends`,
        `Start it at ${exact(previousEnd)}, or leave "start" out`,
      );
}

function misaligned(path: string, text: string | undefined, bytes: number): DiskIssue {
  const nearest = Math.max(1, Math.round(bytes / ALIGNMENT_BYTES));
  return invalid(path, `"${text ?? exact(bytes)}" is no multiple of 1 MiB`, `Write "${nearest}MiB"`);
}

function invalid(path: string, message: string, hint: string): DiskIssue {
  return { code: "IMAGE_PLAN_INVALID", path, message, hint };
}

/** As a template would say it, when it can without rounding. */
function exact(bytes: number): string {
  return bytes % ALIGNMENT_BYTES === 0 ? `${bytes / ALIGNMENT_BYTES}MiB` : formatSize(bytes);
}

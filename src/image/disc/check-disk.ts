import { type Architecture, nearestOf } from "../../core/index.ts";
import type { DiskSection, PartitionSection } from "../../config/index.ts";
import { checkFileSystem } from "./check-file-system.ts";
import type { DiskIssue } from "./disk-issue.ts";
import { layOutPartitions } from "./lay-out-partitions.ts";
import { ESP_GUID, partitionTypeGuid, PARTITION_TYPE_NAMES, partitionTypeOf } from "./partition-types.ts";

export interface DiskCheckOptions {
  readonly architecture: Architecture;
  /** What starts the image; "efi" needs a system partition. */
  readonly bootType?: "efi" | "legacy";
}

const MAX_PARTITIONS = 128;
const MAX_NAME_LENGTH = 36;
const MAX_MBR_PARTITIONS = 4;
/** What the kernel mounts, and what it needs to mount anything else: below these, or of their own, is no partition. */
const KERNEL_DIRECTORIES = /^\/(?:dev|proc|run|sys)(?:\/|$)|^\/(?:bin|etc|lib|lib32|lib64|libx32|sbin)$/;

/** Everything that keeps an image from being made from a `disk` section, in the order of its fields; empty when nothing does. */
export function checkDisk(disk: DiskSection, options: DiskCheckOptions): DiskIssue[] {
  const partitions = disk.partitions ?? [];
  if (partitions.length === 0) {
    return [invalid("disk.partitions", "has no partition", 'Give the disk a partition that is mounted at "/"')];
  }
  if (partitions.length > MAX_PARTITIONS) {
    return [invalid("disk.partitions", `has ${partitions.length} partitions`, `Use at most ${MAX_PARTITIONS}`)];
  }
  const layout = layOutPartitions(disk);
  return [
    ...(disk.partitionTableType === "mbr" ? checkMbr(partitions) : []),
    ...layout.issues,
    ...partitions.flatMap((partition, index) => {
      const extent = layout.extents[index];
      const path = pathOf(index);
      return [
        ...checkType(partition, path, options.architecture),
        ...checkName(partition, path),
        ...checkMountPoint(partition, path),
        ...checkFileSystem(partition, path, extent === undefined ? undefined : extent.endBytes - extent.startBytes),
      ];
    }),
    ...checkUnique(partitions, "id", (partition) => partition.id),
    ...checkUnique(partitions, "name", (partition) => partition.name ?? partition.id),
    ...checkUnique(partitions, "index", (partition, index) => String(partition.index ?? index + 1)),
    ...checkUnique(partitions, "mountPoint", mountPointOf),
    ...checkRoles(partitions, disk.partitionTableType === "mbr", options),
  ];
}

/** @see UEFI specification, section 5.2.1 */
function checkMbr(partitions: readonly PartitionSection[]): DiskIssue[] {
  const unsupported: DiskIssue = {
    code: "TEMPLATE_UNSUPPORTED",
    path: "disk.partitionTableType",
    message: '"mbr" cannot be made yet',
    hint: 'Use "gpt"',
  };
  if (partitions.length <= MAX_MBR_PARTITIONS) return [unsupported];
  const hint = `Use at most ${MAX_MBR_PARTITIONS}, or partitionTableType "gpt"`;
  return [unsupported, invalid("disk.partitions", `has ${partitions.length} partitions, too many for an MBR`, hint)];
}

/** The place where a partition is mounted; undefined for none. */
export function mountPointOf(partition: PartitionSection): string | undefined {
  return partition.mountPoint === "none" || partition.mountPoint === "" ? undefined : partition.mountPoint;
}

function checkType(partition: PartitionSection, path: string, architecture: Architecture): DiskIssue[] {
  const issues: DiskIssue[] = [];
  const { type, typeUUID } = partition;
  if (typeUUID !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(typeUUID)) {
    issues.push(invalid(`${path}.typeUUID`, `${JSON.stringify(typeUUID)} is no GUID`, `Write it like "${ESP_GUID}"`));
  } else if (typeUUID !== undefined && /^[0-]*$/.test(typeUUID)) {
    issues.push(invalid(`${path}.typeUUID`, "is the GUID of unused entries", "Use the GUID of a partition type"));
  }
  if (typeUUID === undefined && type !== undefined && partitionTypeGuid(type) === undefined) {
    const nearest = nearestOf(type, PARTITION_TYPE_NAMES);
    const known = `known are ${PARTITION_TYPE_NAMES.join(", ")}`;
    const hint = nearest === undefined ? `Use "typeUUID" for other types; ${known}` : `Did you mean "${nearest}"?`;
    issues.push(invalid(`${path}.type`, `${JSON.stringify(type)} is no known partition type`, hint));
  }
  const otherRoot = /^linux-(?:root|usr)-(amd64|arm64)/.exec(type ?? "")?.[1];
  if (otherRoot !== undefined && otherRoot !== architecture.deb) {
    const right = type?.replace(otherRoot, architecture.deb);
    issues.push(invalid(`${path}.type`, `"${type}" is not for ${architecture.name}`, `Use "${right}"`));
  }
  return issues;
}

function checkName(partition: PartitionSection, path: string): DiskIssue[] {
  const field = partition.name === undefined ? "id" : "name";
  const name = partition[field];
  if (name === undefined) return [];
  if (name.length > MAX_NAME_LENGTH) {
    return [
      invalid(
        `${path}.${field}`,
        `${JSON.stringify(name)} is too long for a partition name`,
        `Use at most ${MAX_NAME_LENGTH} characters`,
      ),
    ];
  }
  return hasControlCharacter(name)
    ? [invalid(`${path}.${field}`, "has a control character", "Use printable characters only")]
    : [];
}

function checkMountPoint(partition: PartitionSection, path: string): DiskIssue[] {
  const mountPoint = mountPointOf(partition);
  const issues: DiskIssue[] = [];
  if (mountPoint !== undefined) {
    const isClean = mountPoint === "/" || /^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/.test(mountPoint);
    if (!isClean || hasControlCharacter(mountPoint)) {
      const hint = 'Write an absolute path without "..", doubled or final slashes, or "none"';
      issues.push(invalid(`${path}.mountPoint`, `${JSON.stringify(mountPoint)} is no clean absolute path`, hint));
    } else if (KERNEL_DIRECTORIES.test(mountPoint)) {
      const hint = "Mount the partition somewhere else";
      issues.push(
        invalid(`${path}.mountPoint`, `${JSON.stringify(mountPoint)} cannot be a partition of its own`, hint),
      );
    }
    if (partition.fsType === "linux-swap") {
      issues.push(invalid(`${path}.mountPoint`, "swap space is not mounted", 'Write "none"'));
    }
    if (partition.fsType === undefined) {
      issues.push(invalid(`${path}.mountPoint`, "needs a file system", 'Set "fsType", or mount it at "none"'));
    }
  }
  const { mountOptions } = partition;
  if (mountOptions !== undefined && (/\s/.test(mountOptions) || hasControlCharacter(mountOptions))) {
    issues.push(invalid(`${path}.mountOptions`, "has white space", "Separate options by commas alone"));
  }
  return issues;
}

function checkUnique(
  partitions: readonly PartitionSection[],
  field: "id" | "name" | "index" | "mountPoint",
  valueOf: (partition: PartitionSection, index: number) => string | undefined,
): DiskIssue[] {
  const first = new Map<string, number>();
  return partitions.flatMap((partition, index) => {
    const value = valueOf(partition, index);
    if (value === undefined) return [];
    const other = first.get(value);
    if (other === undefined) {
      first.set(value, index);
      return [];
    }
    // A name that is only the id has been found by the id.
    if (field === "name" && partition.name === undefined && partitions[other]?.name === undefined) return [];
    return [
      invalid(`${pathOf(index)}.${field}`, `${JSON.stringify(value)} is taken by ${pathOf(other)}`, "Choose another"),
    ];
  });
}

function checkRoles(partitions: readonly PartitionSection[], isMbr: boolean, options: DiskCheckOptions): DiskIssue[] {
  const issues: DiskIssue[] = [];
  if (!partitions.some((partition) => mountPointOf(partition) === "/")) {
    issues.push(invalid("disk.partitions", "has no root partition", 'Mount one of them at "/"'));
  }
  partitions.forEach((partition, index) => {
    if (mountPointOf(partition) === "/" && /^(?:fat|vfat|linux-swap)/.test(partition.fsType ?? "")) {
      issues.push(
        invalid(`${pathOf(index)}.fsType`, `"${partition.fsType}" cannot hold the root file system`, 'Use "ext4"'),
      );
    }
  });
  if (options.bootType === "legacy") {
    return isMbr ? issues : [...issues, ...checkBiosBoot(partitions, options.architecture)];
  }
  const espIndexes = partitions.flatMap((partition, index) =>
    partitionTypeOf(partition, options.architecture) === ESP_GUID ? [index] : [],
  );
  const [esp, second] = espIndexes;
  if (esp === undefined) {
    const hint = 'Add a partition with type "esp" and fsType "fat32", mounted at "/boot/efi"';
    return [...issues, invalid("disk.partitions", "has no EFI system partition, which boot type efi needs", hint)];
  }
  if (second !== undefined) {
    issues.push(invalid(`${pathOf(second)}.type`, "is a second EFI system partition", `Keep ${pathOf(esp)} alone`));
  }
  if (!/^(?:fat|vfat)/.test(partitions[esp]?.fsType ?? "")) {
    issues.push(invalid(`${pathOf(esp)}.fsType`, "is not what firmware can read", 'Use "fat32"'));
  }
  return issues;
}

/** Where GRUB puts the part of it that the first sector has no room for. */
function checkBiosBoot(partitions: readonly PartitionSection[], architecture: Architecture): DiskIssue[] {
  // Another architecture has no BIOS, whatever the partitions are.
  if (architecture.name !== "x86_64") return [];
  const [index, second] = partitions.flatMap((partition, at) =>
    partitionTypeOf(partition, architecture) === partitionTypeGuid("bios") ? [at] : [],
  );
  if (index === undefined) {
    const hint = 'Add a partition of 1 MiB or more with type "bios", without fsType and mountPoint';
    return [invalid("disk.partitions", "has no BIOS boot partition, which boot type legacy needs on GPT", hint)];
  }
  if (second !== undefined) {
    return [invalid(`${pathOf(second)}.type`, "is a second BIOS boot partition", `Keep ${pathOf(index)} alone`)];
  }
  if (partitions[index]?.fsType === undefined) return [];
  return [invalid(`${pathOf(index)}.fsType`, "would be overwritten by the boot loader", "Leave it out")];
}

function pathOf(index: number): string {
  return `disk.partitions[${index}]`;
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function invalid(path: string, message: string, hint: string): DiskIssue {
  return { code: "IMAGE_PLAN_INVALID", path, message, hint };
}

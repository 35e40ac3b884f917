import { formatSize, nearestOf } from "../../core/index.ts";
import type { PartitionSection } from "../../config/index.ts";
import type { DiskIssue } from "./disk-issue.ts";
import { planFatGeometry } from "./fat-geometry.ts";

const FS_TYPES = ["fat32", "fat16", "vfat", "ext4"];
const KNOWN_FS_TYPES = ["fat32", "fat16", "vfat", "ext2", "ext3", "ext4", "xfs", "linux-swap"];
/** What other programs call them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  swap: "linux-swap",
  fat: "vfat",
  msdos: "vfat",
  "fat-32": "fat32",
};
/** The longest labels of file systems that are not FAT. */
const MAX_LABEL_BYTES: Readonly<Record<string, number>> = { ext2: 16, ext3: 16, ext4: 16, "linux-swap": 16, xfs: 12 };
const FAT_LABEL = /^[A-Z0-9!#$%&'()@^_`{}~-][A-Z0-9 !#$%&'()@^_`{}~-]{0,10}$/;

/** @param sizeBytes undefined when the layout of the disk is not known */
export function checkFileSystem(partition: PartitionSection, path: string, sizeBytes: number | undefined): DiskIssue[] {
  const { fsType, fsLabel } = partition;
  if (fsType === undefined) {
    if (fsLabel === undefined) return [];
    return [invalid(`${path}.fsLabel`, "labels no file system", 'Set "fsType", or remove the label')];
  }
  if (!KNOWN_FS_TYPES.includes(fsType)) {
    const near =
      (Object.hasOwn(OTHER_NAMES, fsType) ? OTHER_NAMES[fsType] : undefined) ?? nearestOf(fsType, KNOWN_FS_TYPES);
    const hint = near === undefined ? `Use one of ${KNOWN_FS_TYPES.join(", ")}` : `Did you mean "${near}"?`;
    return [invalid(`${path}.fsType`, `${JSON.stringify(fsType)} is no known file system`, hint)];
  }
  if (!FS_TYPES.includes(fsType)) {
    const message = `"${fsType}" cannot be made yet`;
    const hint = `Use one of ${FS_TYPES.join(", ")}`;
    return [
      { code: "TEMPLATE_UNSUPPORTED", path: `${path}.fsType`, message, hint },
      ...checkLabel(fsType, fsLabel ?? "", path),
    ];
  }
  return [...checkLabel(fsType, fsLabel ?? "", path), ...checkSize(fsType, sizeBytes, path)];
}

function checkLabel(fsType: string, label: string, path: string): DiskIssue[] {
  if (label === "") return [];
  const maxBytes = Object.hasOwn(MAX_LABEL_BYTES, fsType) ? MAX_LABEL_BYTES[fsType] : undefined;
  if (maxBytes !== undefined) {
    if (Buffer.byteLength(label) <= maxBytes && !/\p{Cc}/u.test(label)) return [];
    const hint = `Use at most ${maxBytes} bytes, no control characters`;
    return [invalid(`${path}.fsLabel`, `${JSON.stringify(label)} is no label for ${fsType}`, hint)];
  }
  if (FAT_LABEL.test(label)) return [];
  const hint = "Use at most 11 upper-case letters, digits, or characters like - and _";
  return [invalid(`${path}.fsLabel`, `${JSON.stringify(label)} is no FAT label`, hint)];
}

function checkSize(fsType: string, sizeBytes: number | undefined, path: string): DiskIssue[] {
  if (sizeBytes === undefined || sizeBytes <= 0 || fsType === "ext4") return [];
  const fits = (type: "fat16" | "fat32"): boolean => planFatGeometry(type, sizeBytes) !== undefined;
  if (fsType === "vfat" ? fits("fat16") || fits("fat32") : fits(fsType === "fat16" ? "fat16" : "fat32")) return [];
  const sizes = fsType === "fat32" ? "at least 33 MiB" : "from 3 MiB to 2 GiB";
  return [
    invalid(
      `${path}.fsType`,
      `"${fsType}" cannot be made in ${formatSize(sizeBytes)}`,
      fsType === "fat32" ? `Give it ${sizes}, or use "vfat"` : `Give it ${sizes}`,
    ),
  ];
}

function invalid(path: string, message: string, hint: string): DiskIssue {
  return { code: "IMAGE_PLAN_INVALID", path, message, hint };
}

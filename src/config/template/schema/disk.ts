import Type, { type Static } from "typebox";
import { SIZE_PATTERN } from "../../../core/index.ts";
import { choice, closed, flag, list, matching, text, texts, wholeNumber } from "./fields.ts";

const size = (description: string, example: string) =>
  Type.Optional(text(description, example, matching(SIZE_PATTERN, "a size such as 513MiB, 4GiB or 500MB")));

export const Artifact = Type.Object(
  {
    type: choice(["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "tar"], "Format"),
    compression: Type.Optional(choice(["zstd", "gz", "gzip", "xz", "bz2"], "Compression of the file; bz2 cannot be built yet")),
  },
  closed,
);

export const Partition = Type.Object(
  {
    id: Type.Optional(text("Name by which other fields refer to the partition", "rootfs")),
    index: Type.Optional(wholeNumber("Number in the partition table; the place in the list when absent", 1, 1, 128)),
    name: Type.Optional(text("GPT partition name; the id when absent", "root", { maxLength: 36 })),
    type: Type.Optional(text("Partition type by name", "linux-root-amd64")),
    typeUUID: Type.Optional(text("Partition type as GUID, instead of type", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709")),
    fsType: Type.Optional(text("File system: fat32, fat16, vfat, ext2, ext3, ext4, xfs or linux-swap", "ext4")),
    fsLabel: Type.Optional(text("File system label", "root")),
    start: size("First byte; the end of the partition before when absent", "513MiB"),
    end: size('End; "0" takes the rest of the disk', "0"),
    mountPoint: Type.Optional(text("Where it is mounted; none for nowhere", "/")),
    mountOptions: Type.Optional(text("Options in /etc/fstab", "defaults")),
    flags: Type.Optional(texts("Flags: esp, boot, bios_grub, legacy_boot", ["esp", "boot"])),
  },
  closed,
);

export const SelectionPolicy = Type.Object(
  {
    strategy: Type.Optional(choice(["first", "largest", "fastest"], "Which disk the installer takes")),
    excludeRemovable: Type.Optional(flag("Never take a removable disk", true, { default: true })),
    requireEmpty: Type.Optional(flag("Take a disk without partitions only", true, { default: true })),
  },
  { ...closed, description: "How an installer chooses the disk when path names none" },
);

export const Disk = Type.Object(
  {
    name: Type.Optional(text("Name of the layout", "Default_Raw")),
    path: Type.Optional(text("Disk that an installer writes to", "/dev/nvme0n1")),
    selectionPolicy: Type.Optional(SelectionPolicy),
    size: size("Size of the disk", "4GiB"),
    extendLastPartitionToFillDisk: Type.Optional(flag("Let the last partition grow to fill the disk at first boot")),
    partitionTableType: Type.Optional(choice(["gpt", "mbr"], "Partition table", { default: "gpt" })),
    artifacts: Type.Optional(list(Artifact, "Files to make from the disk")),
    partitions: Type.Optional(list(Partition, "Partitions, in order")),
  },
  { ...closed, description: "The disk and its partitions" },
);

export type DiskSection = Static<typeof Disk>;
export type PartitionSection = Static<typeof Partition>;
export type ArtifactSection = Static<typeof Artifact>;

import { parseSize } from "../../../core/index.ts";
import type { Finding } from "../../document/index.ts";
import { isCleanPath } from "./check-paths.ts";
import type { DiskSection, ImageTemplate } from "../schema/index.ts";

/** Flags that change an image; on GPT a partition is what its type says. */
const FLAGS = ["esp", "boot", "bios_grub", "legacy_boot"];

/** Fields of the disk beside its layout, which `checkDisk` of the image room judges. */
export function checkDiskFields({ disk, target, systemConfig }: ImageTemplate): Finding[] {
  if (disk === undefined) return [];
  const { size, path } = disk;
  return [
    ...(size !== undefined && parseSize(size) === undefined
      ? [{ path: "disk.size", message: `"${size}" is larger than any disk` }]
      : []),
    ...(path !== undefined && !(path.startsWith("/dev/") && isCleanPath(path.replaceAll(":", "_")))
      ? [{ path: "disk.path", message: `${JSON.stringify(path)} is no device`, hint: "Write it like /dev/nvme0n1" }]
      : []),
    ...checkGrowth(disk, target.imageType, systemConfig?.immutability?.enabled === true),
    ...(disk.partitionTableType === "mbr" ? [] : checkFlags(disk)),
  ];
}

/** The root grows at first boot: it has to be last, writable, and on the disk that the image is for. */
function checkGrowth(
  disk: DiskSection,
  imageType: ImageTemplate["target"]["imageType"],
  isImmutable: boolean,
): Finding[] {
  if (disk.extendLastPartitionToFillDisk !== true) return [];
  const path = "disk.extendLastPartitionToFillDisk";
  if (imageType === "iso") {
    return [{ path, message: "an installer sizes the partitions itself", hint: "Leave it out for imageType iso" }];
  }
  if (isImmutable) {
    return [
      { path, message: "an immutable root cannot grow", hint: "Leave it out, or set immutability.enabled to false" },
    ];
  }
  const last = disk.partitions?.at(-1);
  if (last === undefined || last.mountPoint === "/") return [];
  return [{ path, message: 'the last partition is not the one at "/"', hint: 'Put the partition of "/" last' }];
}

function checkFlags({ partitions = [] }: DiskSection): Finding[] {
  return partitions.flatMap(({ flags = [] }, index) =>
    flags.flatMap((flag, item): Finding[] => {
      if (FLAGS.includes(flag)) return [];
      return [
        {
          path: ["disk", "partitions", index, "flags", item],
          message: `flag ${JSON.stringify(flag)} has no effect on GPT`,
          hint: `Flags with an effect are ${FLAGS.join(", ")}`,
          severity: "warning",
        },
      ];
    }),
  );
}

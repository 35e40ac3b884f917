import { compareCodeUnits } from "../../core/index.ts";
import type { DiskPlan, PartitionPlan } from "./disk-plan.ts";
import { ESP_GUID } from "./partition-types.ts";

/** One line of fstab. */
interface Mount {
  readonly partition: PartitionPlan;
  readonly mountPoint: string;
  readonly fsType: "ext4" | "vfat";
}

/**
 * The text of /etc/fstab for the partitions of a disk, by PARTUUID: the root first, a directory before what lies in it.
 *
 * @see fstab(5)
 */
export function formatFstab(plan: DiskPlan): string {
  const lines = mountsOf(plan).map((mount) =>
    [
      `PARTUUID=${mount.partition.partUuid}`,
      escapeField(mount.mountPoint),
      mount.fsType,
      escapeField(mount.partition.mountOptions ?? defaultOptions(mount)),
      "0",
      passNumber(mount),
    ].join(" "),
  );
  return ["# <file system> <mount point> <type> <options> <dump> <pass>", ...lines, ""].join("\n");
}

function mountsOf(plan: DiskPlan): Mount[] {
  return plan.partitions
    .flatMap((partition) => {
      const { fs, mountPoint } = partition;
      if (fs === undefined || mountPoint === undefined) return [];
      return [{ partition, mountPoint, fsType: fs.type === "ext4" ? ("ext4" as const) : ("vfat" as const) }];
    })
    .sort((a, b) => compareCodeUnits(a.mountPoint, b.mountPoint));
}

/** The EFI system partition holds random seeds and kernels: for root's eyes only. */
function defaultOptions({ partition, mountPoint, fsType }: Mount): string {
  if (partition.typeGuid === ESP_GUID) return "umask=0077";
  if (mountPoint === "/" && fsType === "ext4") return "errors=remount-ro";
  return "defaults";
}

/** The root is checked first, everything else with ext4 or FAT after it. */
function passNumber({ mountPoint }: Mount): string {
  return mountPoint === "/" ? "1" : "2";
}

/** White space and backslashes as octal numbers. @see getmntent(3) */
function escapeField(text: string): string {
  return text.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

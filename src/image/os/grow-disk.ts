import { ComposerError } from "../../core/index.ts";
import type { DiskPlan, PartitionPlan } from "../disc/disk-plan.ts";
import { applyChanges } from "./apply-changes.ts";
import type { Host } from "../../host/index.ts";
import { openImageTree } from "./image-tree.ts";
import { type TreeChange, rootDirectory, rootFile } from "./tree-change.ts";

const GROW_OPTION = "x-systemd.growfs";
const REPART = "/usr/bin/systemd-repart";

/**
 * The plan of a disk whose last partition grows when the system starts: its file system is told to follow.
 *
 * @throws {TEMPLATE_INVALID} the last partition has no mounted ext4 file system
 * @see systemd.mount(5), "x-systemd.growfs"
 */
export function withGrowingPartition(plan: DiskPlan): DiskPlan {
  const last = lastPartition(plan);
  if (last?.fs?.type !== "ext4" || last.mountPoint === undefined) {
    throw new ComposerError(
      "TEMPLATE_INVALID",
      "Cannot let the last partition grow to fill the disk: it is no mounted ext4 file system",
      {
        hint: "Make the partition that is mounted at / the last one, or remove extendLastPartitionToFillDisk",
        details: ["named at disk.extendLastPartitionToFillDisk"],
      },
    );
  }
  const usual = last.mountPoint === "/" ? "errors=remount-ro" : "defaults";
  const mountOptions = `${last.mountOptions ?? usual},${GROW_OPTION}`;
  return {
    ...plan,
    partitions: plan.partitions.map((partition) => (partition === last ? { ...partition, mountOptions } : partition)),
  };
}

/**
 * Has systemd-repart let the last partition grow, at the first boot and whenever the disk has become larger.
 *
 * @throws {TEMPLATE_INVALID} the image lacks a program that it takes
 * @see repart.d(5)
 */
export async function prepareGrowth(host: Pick<Host, "files">, root: string, plan: DiskPlan): Promise<void> {
  const tree = openImageTree(host, root);
  const programs = [REPART, "/usr/lib/systemd/systemd-growfs"];
  for (const program of programs) {
    if (await tree.exists(program)) continue;
    throw new ComposerError(
      "TEMPLATE_INVALID",
      `Cannot let the last partition grow to fill the disk: the image has no "${program}"`,
      {
        hint: 'Add "systemd-repart" to systemConfig.packages; where there is no such package it is in "systemd"',
        details: ["named at disk.extendLastPartitionToFillDisk"],
      },
    );
  }
  await applyChanges(host, root, [rootDirectory("/etc/repart.d"), ...planRepart(plan)]);
}

/**
 * The files of repart.d. Partitions are told apart by their types alone, in the order of the disk: so every one of the
 * last one's type has a file, and all but the last are kept at their sizes.
 */
export function planRepart(plan: DiskPlan): TreeChange[] {
  const last = lastPartition(plan);
  return inDiskOrder(plan)
    .filter(({ typeGuid }) => typeGuid === last?.typeGuid)
    .map((partition, index) => {
      const size =
        partition === last ? [] : [`SizeMinBytes=${partition.sizeBytes}`, `SizeMaxBytes=${partition.sizeBytes}`];
      const lines = ["[Partition]", `Type=${partition.typeGuid}`, ...size];
      return rootFile(`/etc/repart.d/${50 + index}-partition-${partition.number}.conf`, `${lines.join("\n")}\n`);
    });
}

function lastPartition(plan: DiskPlan): PartitionPlan | undefined {
  return inDiskOrder(plan).at(-1);
}

function inDiskOrder(plan: DiskPlan): readonly PartitionPlan[] {
  return [...plan.partitions].sort((a, b) => a.startLba - b.startLba);
}

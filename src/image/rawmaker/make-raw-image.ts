import path from "node:path";
import type { Bind, RootRunner } from "../../chroot/index.ts";
import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { DiskPlan, PartitionPlan } from "../disc/disk-plan.ts";
import { mke2fsArgv } from "../disc/plan-ext4.ts";
import { type FatNode, writeFat } from "../disc/write-fat.ts";
import { writeGpt } from "../disc/write-gpt.ts";

export interface RawImageRequest {
  readonly plan: DiskPlan;
  /** The root tree, configured and with its times set. */
  readonly tree: string;
  /** What goes onto the ESP. */
  readonly esp: readonly FatNode[];
  /** The file to make; nothing may be there. */
  readonly imageFile: string;
  readonly sourceDateEpoch: number;
}

/** Where image and tree are seen inside the tool root. */
const IMAGE_DIRECTORY = "/run/image";
const TREE = "/run/tree";

/**
 * Makes a raw disk image: partition table and FAT by our own writers, ext4 in place by the tool root's mke2fs. The file
 * is sparse, no device and no mount of the host is involved.
 *
 * @throws {IMAGE_TOO_SMALL} what belongs on a partition does not fit there
 */
export async function makeRawImage(host: Host, tools: RootRunner, request: RawImageRequest): Promise<void> {
  const { plan, imageFile } = request;
  {
    await using file = await host.files.open(imageFile, { create: true });
    await file.truncate(plan.sizeBytes);
    await writeGpt(file, plan);
    for (const partition of plan.partitions) {
      const { fs } = partition;
      if (fs === undefined || fs.type === "ext4") continue;
      const { offsetBytes, sizeBytes, startLba } = partition;
      const place = { offsetBytes, sizeBytes, hiddenSectors: startLba, timeSeconds: request.sourceDateEpoch };
      await writeFat(file, { ...place, ...fs }, isEsp(plan, partition) ? request.esp : []);
    }
  }
  for (const partition of plan.partitions) {
    if (partition.fs?.type === "ext4") await makeExt4(tools, request, partition);
  }
}

/** The boot partition is the one that firmware looks for. */
function isEsp(plan: DiskPlan, partition: PartitionPlan): boolean {
  return partition === findEsp(plan);
}

export function findEsp(plan: DiskPlan): PartitionPlan | undefined {
  return plan.partitions.find(({ typeGuid }) => typeGuid.toLowerCase() === ESP_TYPE_GUID);
}

const ESP_TYPE_GUID = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

async function makeExt4(tools: RootRunner, request: RawImageRequest, partition: PartitionPlan): Promise<void> {
  const { fs, mountPoint, offsetBytes, sizeBytes } = partition;
  if (fs?.type !== "ext4") return;
  const content = mountPoint === undefined ? [] : contentBinds(request, mountPoint);
  const { argv, env } = mke2fsArgv({
    imageFile: path.posix.join(IMAGE_DIRECTORY, path.basename(request.imageFile)),
    offsetBytes,
    sizeBytes,
    uuid: fs.uuid,
    hashSeed: fs.hashSeed,
    label: fs.label,
    sourceDateEpoch: request.sourceDateEpoch,
    ...(content.length === 0 ? {} : { rootDirectory: TREE }),
  });
  const image: Bind = { source: path.dirname(request.imageFile), target: IMAGE_DIRECTORY, writable: true };
  try {
    await tools.run({ argv, env, binds: [image, ...content] });
  } catch (error) {
    if (error instanceof ComposerError && error.details.some((line) => /allocate block|No space left/.test(line))) {
      throw new ComposerError(
        "IMAGE_TOO_SMALL",
        `Cannot fill partition ${partition.number} ("${partition.name}"): the files do not fit into ${sizeBytes} bytes`,
        { hint: "Make the partition and the disk larger in the template", details: error.details, cause: error },
      );
    }
    throw error;
  }
}

/**
 * The part of the tree that a partition holds, and an empty directory over every place below it where another
 * partition is mounted.
 */
function contentBinds({ plan, tree }: RawImageRequest, mountPoint: string): Bind[] {
  const own: Bind = { source: path.join(tree, mountPoint), target: TREE, writable: false };
  const below = plan.partitions.flatMap((other) => {
    if (other.mountPoint === undefined || other.mountPoint === mountPoint) return [];
    const relative = path.posix.relative(mountPoint, other.mountPoint);
    return relative.startsWith("..") ? [] : [relative];
  });
  const empty = path.join(tree, "dev");
  return [
    own,
    ...below.map((relative) => ({ source: empty, target: path.posix.join(TREE, relative), writable: false })),
  ];
}

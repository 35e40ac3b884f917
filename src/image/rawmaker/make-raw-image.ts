import path from "node:path";
import type { Bind, RootRunner } from "../../chroot/index.ts";
import type { ByteRange, Host } from "../../host/index.ts";
import type { DiskPlan, Ext4Plan, PartitionPlan } from "../disc/disk-plan.ts";
import { mergeFatTrees } from "../disc/merge-fat-trees.ts";
import { makeExt4 } from "../disc/make-ext4.ts";
import { ESP_GUID } from "../disc/partition-types.ts";
import type { ProgramCall } from "../disc/plan-ext4.ts";
import { type FatNode, writeFat } from "../disc/write-fat.ts";
import { writeGpt } from "../disc/write-gpt.ts";
import { openImageTree } from "../os/image-tree.ts";
import { readFatTree } from "./read-fat-tree.ts";

export interface RawImageRequest {
  readonly plan: DiskPlan;
  /** The root tree, configured and with its times set. */
  readonly tree: string;
  /** The file to make; nothing may be there. */
  readonly imageFile: string;
  readonly sourceDateEpoch: number;
}

/** Where image and tree are seen inside the tool root. */
const IMAGE_DIRECTORY = "/run/image";
const TREE = "/run/tree";

/**
 * Begins a raw disk image: partition table by our own writer, ext4 in place by the tool root's mke2fs. The file is
 * sparse, no device and no mount of the host is involved.
 *
 * @returns where the image is complete: nobody writes there any more
 * @throws {IMAGE_TOO_SMALL} what belongs on a partition does not fit there
 */
export async function beginRawImage(host: Host, tools: RootRunner, request: RawImageRequest): Promise<ByteRange[]> {
  const { plan, imageFile } = request;
  {
    await using file = await host.files.open(imageFile, { create: true });
    await file.truncate(plan.sizeBytes);
    await writeGpt(file, plan);
  }
  const complete: ByteRange[] = [];
  for (const partition of plan.partitions) {
    if (partition.fs?.type !== "ext4") continue;
    await fillExt4(host, tools, request, partition, partition.fs);
    complete.push({ startBytes: partition.offsetBytes, lengthBytes: partition.sizeBytes });
  }
  return complete;
}

/**
 * Writes what is left of a raw disk image, by our own writer: its FAT file systems.
 *
 * @param bootFiles what goes onto the ESP besides, and before, what the tree has at its mount point
 * @throws {IMAGE_TOO_SMALL} what belongs on a partition does not fit there
 */
export async function finishRawImage(
  host: Host,
  request: RawImageRequest,
  bootFiles: readonly FatNode[],
): Promise<void> {
  const { plan, imageFile } = request;
  await using file = await host.files.open(imageFile);
  // Firmware starts from the first one.
  const esp = plan.partitions.find(({ typeGuid }) => typeGuid === ESP_GUID);
  for (const partition of plan.partitions) {
    const { fs } = partition;
    if (fs === undefined || fs.type === "ext4") continue;
    const { offsetBytes, sizeBytes, startLba } = partition;
    const place = { offsetBytes, sizeBytes, hiddenSectors: startLba, timeSeconds: request.sourceDateEpoch };
    const content = await fatContent(host, request, partition);
    const nodes = partition === esp ? mergeFatTrees(bootFiles, content) : content;
    await writeFat(file, { ...place, ...fs }, nodes);
  }
}

/** What packages put there; the boot files of the ESP come first. */
async function fatContent(
  host: Pick<Host, "files">,
  { plan, tree }: RawImageRequest,
  { mountPoint }: PartitionPlan,
): Promise<FatNode[]> {
  if (mountPoint === undefined) return [];
  const mountPoints = plan.partitions.flatMap((other) => other.mountPoint ?? []);
  return readFatTree(host, openImageTree(host, tree), mountPoint, mountPoints);
}

async function fillExt4(
  host: Host,
  tools: RootRunner,
  request: RawImageRequest,
  partition: PartitionPlan,
  fs: Ext4Plan,
): Promise<void> {
  const { mountPoint, offsetBytes, sizeBytes } = partition;
  const content = mountPoint === undefined ? [] : contentBinds(request, mountPoint);
  const image: Bind = { source: path.dirname(request.imageFile), target: IMAGE_DIRECTORY, writable: true };
  const run = (call: ProgramCall) => tools.run({ ...call, binds: [image, ...content] });
  await makeExt4(host.files, run, request.imageFile, {
    imageFile: path.posix.join(IMAGE_DIRECTORY, path.basename(request.imageFile)),
    offsetBytes,
    sizeBytes,
    uuid: fs.uuid,
    hashSeed: fs.hashSeed,
    label: fs.label,
    sourceDateEpoch: request.sourceDateEpoch,
    ...(content.length === 0 ? {} : { rootDirectory: TREE }),
  });
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

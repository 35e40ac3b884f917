import type { Host } from "../../host/index.ts";
import { type DiskPlan, partitionAt } from "../disc/disk-plan.ts";
import { applyChanges } from "../os/apply-changes.ts";
import { openImageTree } from "../os/image-tree.ts";
import { rootDirectory, rootFile } from "../os/tree-change.ts";
import { readEntryToken } from "./entry-token.ts";
import { kernelCommandLine } from "./plan-systemd-boot.ts";

/**
 * Prepares a tree for the disk that it will be on: mount points, and what kernel-install needs so that kernels which the
 * installed system gets later start like the one it came with.
 *
 * @see kernel-install(8)
 */
export async function prepareBoot(host: Host, root: string, plan: DiskPlan, cmdline: string): Promise<void> {
  const tree = openImageTree(host, root);
  for (const { mountPoint } of plan.partitions) {
    if (mountPoint === undefined || (await tree.exists(mountPoint))) continue;
    await applyChanges(host, root, [rootDirectory(mountPoint)]);
  }
  const commandLine = kernelCommandLine(cmdline, partitionAt(plan, "/")?.partUuid ?? "");
  await applyChanges(host, root, [
    rootDirectory("/etc/kernel"),
    rootFile("/etc/kernel/entry-token", `${await readEntryToken(tree)}\n`),
    rootFile("/etc/kernel/cmdline", `${commandLine}\n`),
  ]);
}

import type { Host } from "../../host/index.ts";
import { type DiskPlan, partitionAt } from "../disc/disk-plan.ts";
import { applyChanges } from "../os/apply-changes.ts";
import { type ImageTree, openImageTree } from "../os/image-tree.ts";
import { rootDirectory, rootFile, type TreeChange } from "../os/tree-change.ts";
import { readEntryToken } from "./entry-token.ts";
import { kernelCommandLine } from "./plan-systemd-boot.ts";

export interface BootSettings {
  readonly cmdline: string;
  /** Whether kernels start from unified kernel images. */
  readonly isUnified: boolean;
}

/**
 * Prepares a tree for the disk that it will be on: mount points, and what kernel-install needs so that kernels which the
 * installed system gets later start like the one it came with. A system without ukify cannot make unified kernel images:
 * its later kernels become type #1 entries beside the first one.
 *
 * @see kernel-install(8)
 */
export async function prepareBoot(
  host: Pick<Host, "files">,
  root: string,
  plan: DiskPlan,
  { cmdline, isUnified }: BootSettings,
): Promise<void> {
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
    ...(isUnified && (await tree.exists(UKIFY_PLUGIN)) ? [await unifiedLayout(tree)] : []),
  ]);
}

const UKIFY_PLUGIN = "/usr/lib/kernel/install.d/60-ukify.install";
const INSTALL_CONF = "/etc/kernel/install.conf";

/** The administrator's file replaces that of the distribution: what is there stays. */
async function unifiedLayout(tree: ImageTree): Promise<TreeChange> {
  const existing = (await tree.readText(INSTALL_CONF)) ?? (await tree.readText("/usr/lib/kernel/install.conf")) ?? "";
  const others = existing.split("\n").filter((line) => line !== "" && !/^\s*layout\s*=/.test(line));
  return rootFile(INSTALL_CONF, [...others, "layout=uki", ""].join("\n"));
}

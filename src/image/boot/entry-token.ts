import type { ImageTree } from "../os/image-tree.ts";

/** The fields of os-release. @see os-release(5) */
export async function readOsRelease(tree: ImageTree): Promise<ReadonlyMap<string, string>> {
  const text = (await tree.readText("/etc/os-release")) ?? "";
  const fields = text.split("\n").flatMap((line): [string, string][] => {
    const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(\S*))$/.exec(line);
    return match === null ? [] : [[match[1] ?? "", match[2] ?? match[3] ?? match[4] ?? ""]];
  });
  return new Map(fields);
}

/**
 * What kernel-install calls the entries of a tree: its configuration, else the name of the image or the distribution.
 * Never the machine ID, which an image doesn't have.
 */
export async function readEntryToken(tree: ImageTree): Promise<string> {
  const configured = (await tree.readText("/etc/kernel/entry-token"))?.trim();
  const release = await readOsRelease(tree);
  return configured ?? release.get("IMAGE_ID") ?? release.get("ID") ?? "linux";
}

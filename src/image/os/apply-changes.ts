import nodePath from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { type ImageTree, openImageTree } from "./image-tree.ts";
import type { TreeChange } from "./tree-change.ts";

/**
 * Makes changes to a root tree, in order.
 *
 * Parents are resolved as the system in the tree would, never out of it, and made (0755, root) when missing; a
 * symbolic link in the place of an entry is replaced, not followed. Files appear by rename.
 *
 * @param root absolute host path of the tree
 * @throws {IMAGE_PLAN_INVALID} a path is not absolute, has `..` in it, or something else is in the way
 * @throws {HOST_DISK_FULL} @throws {HOST_FILE_UNWRITABLE} @throws {HOST_FILE_UNREADABLE}
 */
export async function applyChanges(
  host: Pick<Host, "files">,
  root: string,
  changes: readonly TreeChange[],
): Promise<void> {
  const tree = openImageTree(host, root);
  for (const change of changes) await apply(host.files, tree, change);
}

async function apply(files: Host["files"], tree: ImageTree, change: TreeChange): Promise<void> {
  checkPath(change);
  switch (change.kind) {
    case "write": {
      const place = await placeOf(files, tree, change.path);
      await refuseDirectory(files, place, change.path);
      await files.writeAtomic(place, change.content, 0o600);
      // The owner first: changing it clears the set-user-ID bit.
      await files.setOwner(place, change.uid, change.gid);
      await files.setMode(place, change.mode);
      return;
    }
    case "copy": {
      const place = await placeOf(files, tree, change.path);
      await refuseDirectory(files, place, change.path);
      const fresh = files.temporaryName(nodePath.dirname(place), ".copy");
      try {
        await files.copy(change.from, fresh);
        await files.setOwner(fresh, change.uid, change.gid);
        await files.setMode(fresh, change.mode);
        await files.rename(fresh, place);
      } catch (error) {
        await files.remove(fresh);
        throw error;
      }
      return;
    }
    case "directory": {
      const place = await placeOf(files, tree, change.path);
      const stat = await files.stat(place);
      if (stat?.kind === "symlink") await files.remove(place);
      else if (stat !== undefined && stat.kind !== "directory") throw inTheWay(change.path, `a ${stat.kind}`);
      await files.makeDirectory(place);
      await files.setOwner(place, change.uid, change.gid);
      await files.setMode(place, change.mode);
      return;
    }
    case "symlink": {
      const place = await placeOf(files, tree, change.path);
      await refuseDirectory(files, place, change.path);
      await files.remove(place);
      await files.symlink(change.target, place);
      await files.setOwner(place, change.uid ?? 0, change.gid ?? 0);
      return;
    }
    case "owner": {
      const place = await tree.locate(change.path);
      const stat = place === undefined ? undefined : await files.stat(place);
      if (place === undefined || stat === undefined) throw inTheWay(change.path, "nothing");
      await files.setOwner(place, change.uid, change.gid);
      // Changing the owner cleared the set-user-ID bit.
      if (stat.kind !== "symlink") await files.setMode(place, stat.mode);
      return;
    }
    case "remove": {
      const place = await tree.locate(change.path);
      if (place !== undefined) await files.remove(place);
      return;
    }
  }
}

/** The host path of an entry; parents that are missing are made. */
async function placeOf(files: Host["files"], tree: ImageTree, path: string): Promise<string> {
  const known = await tree.locate(path);
  if (known !== undefined) return known;
  const parent = nodePath.posix.dirname(path);
  const place = await placeOf(files, tree, parent);
  if ((await files.stat(place)) !== undefined) throw inTheWay(parent, "something that is no directory");
  await files.makeDirectory(place);
  await files.setOwner(place, 0, 0);
  await files.setMode(place, 0o755);
  const made = await tree.locate(path);
  if (made === undefined) throw inTheWay(parent, "something that is no directory");
  return made;
}

async function refuseDirectory(files: Host["files"], place: string, path: string): Promise<void> {
  if ((await files.stat(place))?.kind === "directory") throw inTheWay(path, "a directory");
}

function checkPath({ path }: TreeChange): void {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") && parts.length > 0 && !parts.includes("..") && !path.includes("\0")) return;
  throw new ComposerError(
    "IMAGE_PLAN_INVALID",
    `Cannot change ${JSON.stringify(path)} in the image: it is not an absolute path of an entry without ".."`,
  );
}

function inTheWay(path: string, what: string): ComposerError {
  return new ComposerError("IMAGE_PLAN_INVALID", `Cannot change "${path}" in the image: ${what} is in its place`);
}

import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { Host, HostFiles } from "../../host/index.ts";
import type { FatNode } from "../disc/write-fat.ts";
import type { ImageTree } from "../os/image-tree.ts";

/**
 * What packages and templates put into a directory that becomes a FAT file system.
 *
 * @param mountPoint absolute path in the tree
 * @param mountPoints where other partitions begin, whose content is theirs
 * @throws {IMAGE_PLAN_INVALID} there is something that FAT cannot hold
 */
export async function readFatTree(
  host: Pick<Host, "files">,
  tree: ImageTree,
  mountPoint: string,
  mountPoints: readonly string[],
): Promise<FatNode[]> {
  const place = await tree.resolve(mountPoint);
  return place === undefined ? [] : readDirectory(host.files, place, mountPoint, mountPoints);
}

/** @param shown its path in the tree */
async function readDirectory(
  files: HostFiles,
  directory: string,
  shown: string,
  mountPoints: readonly string[],
): Promise<FatNode[]> {
  const names = (await files.list(directory)).filter((name) => !mountPoints.includes(path.posix.join(shown, name)));
  return Promise.all(
    names.map(async (name): Promise<FatNode> => {
      const [place, shownPlace] = [path.join(directory, name), path.posix.join(shown, name)];
      const stat = await files.stat(place);
      if (stat?.kind === "directory") {
        return { kind: "directory", name, children: await readDirectory(files, place, shownPlace, mountPoints) };
      }
      if (stat?.kind !== "file") throw unfit(shownPlace);
      return { kind: "file", name, sizeBytes: stat.sizeBytes, content: () => files.readStream(place) };
    }),
  );
}

function unfit(place: string): ComposerError {
  const message = `Cannot make the image: "${place}" is neither a file nor a directory, and has to be on a FAT file system`;
  return new ComposerError("IMAGE_PLAN_INVALID", message, {
    hint: "Mount that file system elsewhere, or leave out what puts it there",
  });
}

import type { Host } from "../../host/index.ts";
import { openImageTree } from "../os/image-tree.ts";
import { missingBootFile } from "./read-boot-files.ts";

/** A kernel of a tree and the initrd that was built for it. */
export interface BootKernel {
  /** As in /lib/modules. */
  readonly version: string;
  /** Host path. */
  readonly initrd: string;
}

/** Where the initrd of a kernel is in a tree. */
export function initrdPath(kernelVersion: string): string {
  return `/boot/initrd.img-${kernelVersion}`;
}

/** Renews initrds that are in /boot, and makes none where there was none. @see update-initramfs(8) */
const RENEWING_PROGRAM = "/usr/sbin/update-initramfs";

/**
 * Copies initrds to the /boot of a tree, where scripts of the template find them.
 *
 * @throws {IMAGE_KERNEL_MISSING} there is no such directory
 */
export async function placeInitrds(
  host: Pick<Host, "files">,
  root: string,
  kernels: readonly BootKernel[],
): Promise<void> {
  const tree = openImageTree(host, root);
  for (const { version, initrd } of kernels) {
    const place = await tree.locate(initrdPath(version));
    if (place === undefined) throw missingBootFile(initrdPath(version));
    // What a link of that name leads to is not ours.
    await host.files.remove(place);
    await host.files.copy(initrd, place);
  }
}

/**
 * Removes them again for unified kernel images, each of which has its own: another copy would be a tenth of a small system.
 * One that a script changed stays, and all do where the system's program for initrds wants one to renew.
 */
export async function withdrawInitrds(
  { files }: Pick<Host, "files">,
  root: string,
  kernels: readonly BootKernel[],
): Promise<void> {
  const tree = openImageTree({ files }, root);
  if (await tree.exists(RENEWING_PROGRAM)) return;
  for (const { version, initrd } of kernels) {
    const place = await tree.locate(initrdPath(version));
    if (place === undefined || (await files.stat(place))?.kind !== "file") continue;
    if ((await files.sha256(place)) === (await files.sha256(initrd))) await files.remove(place);
  }
}

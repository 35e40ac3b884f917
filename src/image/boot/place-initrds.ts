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

/**
 * Whether an initrd has to be in the /boot of its tree before that is configured. Unified kernel images have their own, and
 * another copy would be a tenth of a small system: only the program that renews initrds in /boot still wants one there.
 *
 * @see update-initramfs(8)
 */
export async function belongsInTree(
  host: Pick<Host, "files">,
  root: string,
  { isUnified }: { readonly isUnified: boolean },
): Promise<boolean> {
  return !isUnified || openImageTree(host, root).exists("/usr/sbin/update-initramfs");
}

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

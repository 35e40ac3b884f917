import path from "node:path";
import { ComposerError, isComposerError } from "../../core/index.ts";
import type { RootRunner } from "../../chroot/index.ts";
import type { Host } from "../../host/index.ts";
import { compareDebVersions } from "../../ospackage/index.ts";

export interface InitrdRequest {
  /** As in /lib/modules. */
  readonly kernelVersion: string;
  /** Kernel modules to put in besides those that the generator chooses. */
  readonly extraModules: readonly string[];
  /** The file to write, on the host. */
  readonly target: string;
}

/** Where the generator writes: neither in the tree nor in its own /tmp, which ends with it. */
const WORK = "/run/initrd";
const TEMPORARY = `${WORK}/tmp`;

/** Compression of the initrd, 2 % larger than with -9 and in half the time: the bytes don't depend on the number of threads. @see zstd(1) */
const ZSTD = ["zstd", "-T0", "-6", "--quiet", "--force"] as const;

/**
 * Builds an initrd for any machine with the generator that the tree has: dracut, else initramfs-tools. The tree stays as
 * it is.
 *
 * dracut's own compression is single-threaded and takes most of its time; here the tool root's zstd does it.
 *
 * @param scratch an empty directory on the host
 * @throws {IMAGE_KERNEL_MISSING} the tree has no generator @throws {HOST_PROGRAM_FAILED} it failed
 */
export async function buildInitrd(
  host: Host,
  tree: RootRunner,
  tools: RootRunner,
  scratch: string,
  request: InitrdRequest,
): Promise<void> {
  const bind = { source: scratch, target: WORK, writable: true };
  await host.files.makeDirectory(path.join(scratch, path.basename(TEMPORARY)));
  const has = (program: string): Promise<boolean> => host.files.exists(path.join(tree.root, program));
  const generate = async (argv: Argv, env: Readonly<Record<string, string>> = {}): Promise<void> => {
    try {
      await tree.run({ argv, env, binds: [bind], readOnly: true });
    } catch (error) {
      throw isComposerError(error, "HOST_PROGRAM_FAILED") ? initrdFailure(error, request.kernelVersion) : error;
    }
  };
  if (await has("usr/bin/dracut")) {
    await generate(dracutArgv(request));
    await tools.run({ argv: [...ZSTD, `${WORK}/initrd.cpio`, "-o", `${WORK}/initrd`], binds: [bind] });
  } else if (await has("usr/sbin/mkinitramfs")) {
    await generate(["mkinitramfs", "-o", `${WORK}/initrd`, request.kernelVersion], { TMPDIR: TEMPORARY });
  } else {
    throw new ComposerError("IMAGE_KERNEL_MISSING", "Cannot build an initrd: the image has no generator for it", {
      hint: 'Add "dracut" to systemConfig.packages',
    });
  }
  await host.files.copy(path.join(scratch, "initrd"), request.target);
  await host.files.setMode(request.target, 0o644);
}

/** It runs beside other things: the message has to say what for. */
function initrdFailure({ code, message, details, cause }: ComposerError, kernelVersion: string): ComposerError {
  const how = message.replace(/^Cannot run ("[^"]*"): it/, "$1");
  return new ComposerError(code, `Cannot build the initrd of kernel ${kernelVersion}: ${how}`, {
    details,
    cause,
    hint: 'Its settings are those of the image: packages bring them, and additionalFiles of the stage "pre-initramfs"',
  });
}

type Argv = readonly [string, ...string[]];

function dracutArgv({ kernelVersion, extraModules }: InitrdRequest): Argv {
  const modules = extraModules.length === 0 ? [] : ["--add-drivers", extraModules.join(" ")];
  return [
    ...(["dracut", "--force", "--no-hostonly", "--no-compress", "--reproducible", "--tmpdir", TEMPORARY] as const),
    ...modules,
    ...["--kver", kernelVersion, `${WORK}/initrd.cpio`],
  ];
}

/**
 * The kernels of a tree, newest first.
 *
 * @throws {IMAGE_KERNEL_MISSING} there is none
 */
export async function findKernels(host: Host, root: string): Promise<readonly [string, ...string[]]> {
  const versions: string[] = [];
  for (const version of await host.files.list(path.join(root, "usr/lib/modules"))) {
    if (await host.files.exists(path.join(root, "boot", `vmlinuz-${version}`))) versions.push(version);
  }
  const [newest, ...others] = versions.sort((a, b) => compareDebVersions(b, a));
  if (newest !== undefined) return [newest, ...others];
  throw new ComposerError("IMAGE_KERNEL_MISSING", "Cannot make a bootable image: no kernel is installed in it", {
    hint: 'Name a kernel package in systemConfig.kernel.packages, for example "linux-image-amd64"',
  });
}

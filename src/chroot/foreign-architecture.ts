import { type Architecture, ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";

/**
 * Makes sure that programs of an architecture run here: it is this host's own, or the host has registered an emulator
 * for it that also works inside other root trees (flag F). Nothing is registered by us.
 *
 * @throws {HOST_TOOL_MISSING} this host cannot run them
 * @see https://docs.kernel.org/admin-guide/binfmt-misc.html
 */
export async function requireArchitecture(host: Host, architecture: Architecture): Promise<void> {
  if (architecture.node === host.environment.architecture) return;
  const registration = `/proc/sys/fs/binfmt_misc/qemu-${architecture.qemu}`;
  const text = (await host.files.exists(registration)) ? await host.files.readText(registration) : "";
  if (/^enabled$/m.test(text) && /^flags:.*F/m.test(text)) return;
  throw new ComposerError(
    "HOST_TOOL_MISSING",
    `Cannot build for ${architecture.name} on this host: package scripts of that architecture do not run here`,
    {
      hint: `Build on an ${architecture.name} machine, or install an emulator (sudo apt-get install qemu-user-static binfmt-support)`,
    },
  );
}

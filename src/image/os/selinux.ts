import type { SystemConfigSection } from "../../config/index.ts";
import { ComposerError } from "../../core/index.ts";
import type { ImageTree } from "./image-tree.ts";
import { type TreeChange, rootFile } from "./tree-change.ts";

export interface SelinuxPlan {
  readonly changes: readonly TreeChange[];
  readonly warnings: readonly string[];
}

const CONFIG = "/etc/selinux/config";
/** Debian's policy, and everybody else's. */
const PREFERRED_POLICIES = ["targeted", "default"];

/**
 * Plans /etc/selinux/config, and for `permissive` the labelling of all files at the first boot.
 *
 * @throws {TEMPLATE_UNSUPPORTED} `enforcing`: the image's files have no labels yet
 * @see selinux_config(5)
 */
export async function planSelinux(tree: ImageTree, mode: SelinuxMode): Promise<SelinuxPlan> {
  if (mode === "enforcing") {
    throw new ComposerError("TEMPLATE_UNSUPPORTED", "Cannot enforce SELinux: files cannot be labelled yet", {
      hint: "Set systemConfig.selinux.mode to permissive or disabled",
      details: ["named at systemConfig.selinux.mode"],
    });
  }
  const policy = await installedPolicy(tree);
  if (policy === undefined) {
    const warning = "SELinux is permissive, but no policy is installed: it does nothing";
    return { changes: [], warnings: mode === "permissive" ? [warning] : [] };
  }
  const before = await tree.readText(CONFIG);
  const config = rootFile(CONFIG, withMode(before ?? `SELINUXTYPE=${policy}\n`, mode));
  return { changes: mode === "permissive" ? [config, rootFile("/.autorelabel", "")] : [config], warnings: [] };
}

type SelinuxMode = NonNullable<SystemConfigSection["selinux"]>["mode"];

/**
 * The kernel command line with what SELinux needs; what the template says there itself wins.
 *
 * Without a policy nothing is switched on: that would only switch AppArmor off.
 */
export async function selinuxCommandLine(
  tree: ImageTree,
  mode: SelinuxMode | undefined,
  cmdline: string,
): Promise<string> {
  if (mode === undefined || (mode !== "disabled" && (await installedPolicy(tree)) === undefined)) return cmdline;
  const wanted = mode === "disabled" ? ["selinux=0"] : ["security=selinux", "selinux=1"];
  const names = new Set(cmdline.split(/\s+/).map((word) => word.split("=", 1)[0]));
  const missing = wanted.filter((word) => !names.has(word.split("=", 1)[0]));
  return [cmdline, ...missing].filter((part) => part !== "").join(" ");
}

/** The name of a policy that is installed. */
async function installedPolicy(tree: ImageTree): Promise<string | undefined> {
  const installed: string[] = [];
  for (const name of await tree.list("/etc/selinux")) {
    if ((await tree.list(`/etc/selinux/${name}/policy`)).some((file) => file.startsWith("policy."))) {
      installed.push(name);
    }
  }
  return PREFERRED_POLICIES.find((name) => installed.includes(name)) ?? installed[0];
}

function withMode(config: string, mode: SelinuxMode): string {
  const line = `SELINUX=${mode}`;
  return /^SELINUX=.*$/m.test(config) ? config.replace(/^SELINUX=.*$/m, line) : `${line}\n${config}`;
}

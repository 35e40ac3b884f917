import type { Finding } from "../../document/index.ts";
import type { KernelSection } from "../schema/index.ts";

const KERNEL = ["systemConfig", "kernel"];
const PACKAGE = /^[A-Za-z0-9][A-Za-z0-9+_.:~^*?[\]<>=-]*$/;

/** The command line is one line, and lists hold what they say. */
export function checkKernel({
  name,
  version,
  cmdline = "",
  enableExtraModules = "",
  packages = [],
}: KernelSection): Finding[] {
  return [
    ...checkCommandLine(cmdline),
    ...(["name", "version"] as const).flatMap((key): Finding[] => {
      const text = { name, version }[key];
      if (text === undefined || /^[A-Za-z0-9][A-Za-z0-9+_.:~^-]*$/.test(text)) return [];
      return [{ path: [...KERNEL, key], message: `${JSON.stringify(text)} can be no ${key} of a kernel` }];
    }),
    ...enableExtraModules
      .split(" ")
      .filter((module) => module !== "" && !/^[A-Za-z0-9_-]+$/.test(module))
      .map((module) => ({
        path: [...KERNEL, "enableExtraModules"],
        message: `${JSON.stringify(module)} can be no name of a kernel module`,
        hint: "Separate the names by spaces",
      })),
    ...packages.flatMap((entry, index) =>
      PACKAGE.test(entry)
        ? []
        : [{ path: [...KERNEL, "packages", index], message: `${JSON.stringify(entry)} can be no name of a package` }],
    ),
  ];
}

function checkCommandLine(cmdline: string): Finding[] {
  const path = [...KERNEL, "cmdline"];
  if (/\p{Cc}/u.test(cmdline)) {
    return [{ path, message: "has a line break or a tab", hint: "Separate the options by spaces" }];
  }
  if ((cmdline.match(/"/g) ?? []).length % 2 === 1) return [{ path, message: 'has a " without its pair' }];
  if (!/(^| )root=/.test(cmdline)) return [];
  const hint = "Leave root= out: the image's own root partition is named there";
  return [{ path, message: "root= overrides the root partition of the image", hint, severity: "warning" }];
}

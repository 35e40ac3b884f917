import type { Finding } from "../../document/index.ts";
import type { BootloaderSection, ImageTemplate } from "../schema/index.ts";

/** The boot loader can start this architecture on this firmware. */
export function checkBootloader({ target, systemConfig = {} }: ImageTemplate): Finding[] {
  const { bootType, provider } = systemConfig.bootloader ?? {};
  const path = ["systemConfig", "bootloader"];
  if (target.imageType === "wsl2") {
    if (systemConfig.bootloader === undefined) return [];
    return [{ path, message: "an image for WSL is not booted by a boot loader", hint: "Remove the section" }];
  }
  if (bootType !== "legacy") return systemConfig.kernel?.uki === true ? checkUnified(provider) : [];
  if (target.arch !== "x86_64") {
    const hint = 'Set bootType to "efi"';
    return [{ path: [...path, "bootType"], message: `${target.arch} has no BIOS firmware`, hint }];
  }
  if (provider === "systemd-boot") {
    const hint = 'Use provider "grub", or bootType "efi"';
    return [{ path: [...path, "provider"], message: "systemd-boot starts from UEFI firmware only", hint }];
  }
  if (systemConfig.kernel?.uki === true) {
    const hint = 'Set uki to false, or bootType to "efi"';
    return [
      { path: "systemConfig.kernel.uki", message: "a unified kernel image starts from UEFI firmware only", hint },
    ];
  }
  return [];
}

/** systemd-boot finds a unified kernel image by its place. */
function checkUnified(provider: BootloaderSection["provider"]): Finding[] {
  if (provider === undefined || provider === "systemd-boot") return [];
  const path = ["systemConfig", "bootloader", "provider"];
  const hint = 'Use provider "systemd-boot", or set systemConfig.kernel.uki to false';
  return [{ path, message: "a unified kernel image is started by systemd-boot only", hint }];
}

import type { Finding } from "../../document/index.ts";
import type { ImageTemplate } from "../schema/index.ts";

/** The boot loader can start this architecture on this firmware. */
export function checkBootloader({ target, systemConfig = {} }: ImageTemplate): Finding[] {
  const { bootType, provider } = systemConfig.bootloader ?? {};
  const path = ["systemConfig", "bootloader"];
  if (target.imageType === "wsl2") {
    if (systemConfig.bootloader === undefined) return [];
    return [{ path, message: "an image for WSL is not booted by a boot loader", hint: "Remove the section" }];
  }
  if (bootType !== "legacy") return [];
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

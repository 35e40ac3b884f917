import type { Finding } from "../document/index.ts";
import { ADDRESS_PLACEHOLDER } from "./check-repositories.ts";
import type { ImageTemplate } from "./schema/index.ts";

/** What a template may say but this version cannot build yet: an error for `build`, a warning for `validate`. */
export function checkSupport(template: ImageTemplate): Finding[] {
  const { target, disk, systemConfig = {}, packageRepositories = [] } = template;
  const { bootloader = {}, kernel = {}, immutability, users = [] } = systemConfig;
  const findings: Finding[] = [];
  const unsupported = (path: Finding["path"], message: string): void => {
    findings.push({ code: "TEMPLATE_UNSUPPORTED", path, message: `${message} cannot be built yet` });
  };

  if (target.imageType !== "raw") unsupported("target.imageType", `images of type "${target.imageType}"`);
  if (target.arch === "armv7hl") unsupported("target.arch", "images for armv7hl");
  for (const [index, { type, compression }] of (disk?.artifacts ?? []).entries()) {
    const path = ["disk", "artifacts", index];
    if (type !== "raw") unsupported([...path, "type"], `artifacts of type "${type}"`);
    if (compression === "bz2") unsupported([...path, "compression"], 'artifacts with compression "bz2"');
  }
  if (immutability?.enabled === true) unsupported("systemConfig.immutability.enabled", "immutable systems");
  if (bootloader.bootType === "legacy") unsupported("systemConfig.bootloader.bootType", "systems for BIOS firmware");
  if (bootloader.provider !== undefined && bootloader.provider !== "systemd-boot") {
    unsupported("systemConfig.bootloader.provider", `systems with boot loader "${bootloader.provider}"`);
  }
  if (kernel.uki === true) unsupported("systemConfig.kernel.uki", "unified kernel images");
  for (const [index, { password = "", hash_algo }] of users.entries()) {
    const isPlaintext = password !== "" && !password.startsWith("$");
    if (isPlaintext && hash_algo !== undefined && !["sha512", "sha256"].includes(hash_algo)) {
      unsupported(["systemConfig", "users", index, "hash_algo"], `passwords hashed with ${hash_algo}`);
    }
  }
  for (const [index, { url }] of packageRepositories.entries()) {
    if (url === ADDRESS_PLACEHOLDER) {
      unsupported(["packageRepositories", index, "url"], `repositories with the placeholder ${ADDRESS_PLACEHOLDER}`);
    }
  }
  return findings;
}

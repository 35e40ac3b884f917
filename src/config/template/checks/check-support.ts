import type { DocumentPath, Finding } from "../../document/index.ts";
import { ADDRESS_PLACEHOLDER } from "./check-repositories.ts";
import type { ImageTemplate, PackageRepositorySection, UserSection } from "../schema/index.ts";

/** What a template may say but this version cannot build yet: an error for `build`, a warning for `validate`. */
export function checkSupport(template: ImageTemplate): Finding[] {
  const { target, baseline, disk, systemConfig = {}, packageRepositories = [] } = template;
  const { bootloader = {}, immutability, fde, selinux, users = [] } = systemConfig;
  return [
    ...(target.imageType === "raw" ? [] : [unsupported("target.imageType", `images of type "${target.imageType}"`)]),
    ...(target.arch === "armv7hl" ? [unsupported("target.arch", "images for armv7hl")] : []),
    ...(baseline?.mode === "overlay" ? [unsupported("baseline.mode", "overlays over finished images")] : []),
    ...(target.imageType === "wsl2" ? [] : (disk?.artifacts ?? []).flatMap(checkArtifact)),
    ...(immutability?.enabled === true ? [unsupported("systemConfig.immutability.enabled", "immutable systems")] : []),
    ...(fde?.enabled === true ? [unsupported("systemConfig.fde.enabled", "encrypted disks")] : []),
    ...(selinux?.mode === "enforcing"
      ? [unsupported("systemConfig.selinux.mode", "systems with enforcing SELinux")]
      : []),
    ...(bootloader.bootType === "legacy"
      ? [unsupported("systemConfig.bootloader.bootType", "systems for BIOS firmware")]
      : []),
    ...(bootloader.provider === undefined || bootloader.provider === "systemd-boot"
      ? []
      : [unsupported("systemConfig.bootloader.provider", `systems with boot loader "${bootloader.provider}"`)]),
    ...users.flatMap(checkUser),
    ...packageRepositories.flatMap(checkRepository),
  ];
}

function checkArtifact(
  { type, compression }: NonNullable<NonNullable<ImageTemplate["disk"]>["artifacts"]>[number],
  index: number,
): Finding[] {
  const path = ["disk", "artifacts", index];
  return [
    // A tar is refused as no disk.
    ...(type === "raw" || type === "tar" ? [] : [unsupported([...path, "type"], `artifacts of type "${type}"`)]),
    ...(compression === "bz2"
      ? [{ ...unsupported([...path, "compression"], 'artifacts with compression "bz2"'), hint: "Use zstd, gz or xz" }]
      : []),
  ];
}

function checkUser({ password = "", hash_algo = "sha512" }: UserSection, index: number): Finding[] {
  const isPlaintext = password !== "" && !password.startsWith("$");
  if (!isPlaintext || ["sha512", "sha256"].includes(hash_algo)) return [];
  const finding = unsupported(["systemConfig", "users", index, "hash_algo"], `passwords hashed with ${hash_algo}`);
  return [{ ...finding, hint: "Use sha512, or give the hash itself as the password" }];
}

function checkRepository(repository: PackageRepositorySection, index: number): Finding[] {
  const { url, pkey, pkeys = [], packages = [], insecureSkipVerify } = repository;
  const path = ["packageRepositories", index];
  return [
    ...(url === ADDRESS_PLACEHOLDER
      ? [unsupported([...path, "url"], `repositories with the placeholder ${ADDRESS_PLACEHOLDER}`)]
      : []),
    ...(pkey !== undefined && isPlaceholder(pkey) ? [unsupported([...path, "pkey"], "keys with a placeholder")] : []),
    ...pkeys.flatMap((key, item) =>
      isPlaceholder(key) ? [unsupported([...path, "pkeys", item], "keys with a placeholder")] : [],
    ),
    ...packages.flatMap((file, item): Finding[] => {
      const at = [...path, "packages", item];
      if (/^[a-z]+:\/\//.test(file)) return [unsupported(at, "single packages from an address")];
      return /\.(tar|tar\.gz|tgz|zip)$/.test(file) ? [unsupported(at, "archives of packages")] : [];
    }),
    ...(insecureSkipVerify === true
      ? [unsupported([...path, "insecureSkipVerify"], "repositories behind any TLS certificate")]
      : []),
  ];
}

/** `<PUBLIC_KEY_URL>` in other tools' templates. */
function isPlaceholder(key: string): boolean {
  return key.startsWith("<");
}

function unsupported(path: DocumentPath | string, what: string): Finding {
  return { code: "TEMPLATE_UNSUPPORTED", path, message: `${what} cannot be built yet` };
}

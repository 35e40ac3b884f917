import type { Finding } from "../../document/index.ts";
import { excludes, packageNameOf } from "../exclude-packages.ts";
import { packageFamilyOf } from "../package-family.ts";
import type { ImageTemplate } from "../schema/index.ts";

interface Needed {
  readonly what: string;
  /** How the names of its packages begin. */
  readonly prefixes: readonly string[];
  /** Names to propose, and to see whether a glob means them. */
  readonly examples: readonly string[];
}

const SYSTEMD_BOOT = { what: "boot loader systemd-boot", prefixes: ["systemd-boot"] };
const GRUB = { what: "boot loader GRUB", prefixes: ["grub"] };
const KERNEL = { what: "kernel", prefixes: ["linux-image", "kernel"] };

/** What the packages are called by target: deb names carry the architecture of dpkg. */
const NEEDED: Readonly<Record<"deb" | "rpm", Readonly<Record<"kernel" | "systemd-boot" | "efi" | "legacy", Needed>>>> =
  {
    deb: {
      kernel: { ...KERNEL, examples: ["linux-image-amd64", "linux-image-arm64", "linux-image-generic"] },
      "systemd-boot": { ...SYSTEMD_BOOT, examples: ["systemd-boot-efi", "systemd-boot"] },
      efi: { ...GRUB, examples: ["grub-efi-amd64-bin", "grub-efi-arm64-bin"] },
      legacy: { ...GRUB, examples: ["grub-pc-bin"] },
    },
    rpm: {
      kernel: { ...KERNEL, examples: ["kernel"] },
      "systemd-boot": { ...SYSTEMD_BOOT, examples: ["systemd-boot", "systemd-boot-unsigned"] },
      efi: { ...GRUB, examples: ["grub2-efi-binary", "grub2-efi-x64", "grub2-efi-aa64"] },
      legacy: { ...GRUB, examples: ["grub2-pc"] },
    },
  };

/**
 * The packages of a disk image are enough to boot it; only for documents that hold the target's defaults.
 *
 * @returns findings at the exclusion that keeps a package out, else where it is missing
 */
export function checkBootable({ target, systemConfig = {} }: ImageTemplate): Finding[] {
  // An installer takes kernel and boot loader from its initrd, WSL and initrds have none of their own.
  if (target.imageType !== "raw") return [];
  const { kernel = {}, bootloader = {} } = systemConfig;
  const needed = NEEDED[packageFamilyOf(target)];
  const { bootType = "efi", provider = "systemd-boot" } = bootloader;
  const loader = provider === "systemd-boot" ? needed["systemd-boot"] : needed[bootType];
  return [
    ...((kernel.packages ?? []).length > 0
      ? []
      : checkPresent(needed.kernel, ["systemConfig", "kernel", "packages"], target, systemConfig)),
    ...checkPresent(loader, ["systemConfig", "bootloader", "provider"], target, systemConfig),
  ];
}

function checkPresent(
  { what, prefixes, examples }: Needed,
  path: readonly string[],
  { arch }: ImageTemplate["target"],
  { packages = [], excludePackages = [] }: NonNullable<ImageTemplate["systemConfig"]>,
): Finding[] {
  const isPresent = packages
    .map(packageNameOf)
    .some(
      (name) =>
        prefixes.some((prefix) => name.startsWith(prefix)) || examples.some((example) => excludes(name, example)),
    );
  if (isPresent) return [];
  const index = excludePackages.findIndex((exclusion) => examples.some((example) => excludes(exclusion, example)));
  if (index >= 0) {
    const message = `${JSON.stringify(excludePackages[index])} keeps the ${what} out, which the image needs`;
    return [{ path: ["systemConfig", "excludePackages", index], message }];
  }
  const ofArchitecture = arch === "aarch64" ? /arm64/ : /amd64/;
  const example = examples.find((name) => ofArchitecture.test(name)) ?? examples[0];
  const hint = `Add ${example} to systemConfig.packages`;
  return [{ path, message: `the ${what} is in no package of the template`, hint }];
}

import type { BootloaderSection, FdeSection, KernelSection, SelinuxSection } from "./sections.ts";
import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import type { Conversion } from "./conversion.ts";
import { type ImageConfig, type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import { hasFlag, spotOf } from "./rule-context.ts";

/** What the sections about booting need to know of the others. */
export interface BootFacts {
  readonly config: ImageConfig;
  readonly packageNames: ReadonlySet<string>;
  /** Only a root file system is made. */
  readonly isRootfs: boolean;
  /** It becomes an archive. */
  readonly isArchive: boolean;
  readonly hasDisk: boolean;
}

/** GRUB, which the toolkit installs; systemd-boot where a configuration brings it itself. */
export function convertBootloader(
  { value: system, spot }: Field<SystemConfigModel>,
  facts: BootFacts,
  { compose, notes }: Conversion,
): Placed<BootloaderSection> | undefined {
  const { BootType } = system;
  const at = spotOf(BootType, spot, "BootType");
  let bootType = textOf(BootType);
  if (facts.isRootfs) {
    if (BootType !== undefined && bootType !== "" && bootType !== "none") {
      notes.add("ignored", BootType.spot, "a root file system has no boot loader");
    }
    return undefined;
  }
  if (bootType === "none") {
    notes.add("dropped", at, "an image without a boot loader cannot be described", "Set systemConfig.bootloader");
    return undefined;
  }
  if (bootType === "") {
    if (!facts.hasDisk) return undefined;
    const partitions = itemsOf(facts.config.Disks)
      .slice(0, 1)
      .flatMap(({ value }) => itemsOf(value.Partitions));
    const isLegacy = partitions.some((p) => hasFlag(p, "grub") || hasFlag(p, "bios_grub") || hasFlag(p, "bios-grub"));
    bootType = isLegacy ? "legacy" : "efi";
    notes.add("assumed", at, `${bootType}: what the flags of the partitions ask for`);
  }
  return compose.mapping(at, {
    bootType: placed<"efi" | "legacy">(bootType === "legacy" ? "legacy" : "efi", at),
    provider: placed<"grub" | "systemd-boot">(
      bootType === "efi" && bringsUki(system, facts) ? "systemd-boot" : "grub",
      at,
    ),
  });
}

function bringsUki({ KernelOptions }: SystemConfigModel, { packageNames }: BootFacts): boolean {
  const kernels = (KernelOptions?.value ?? []).map(({ value }) => value);
  return packageNames.has("systemd-boot") && (packageNames.has("kernel-uki") || kernels.includes("kernel-uki"));
}

/** The kernel that is installed, and its command line. */
export function convertKernel(
  { value: system, spot }: Field<SystemConfigModel>,
  { isArchive }: BootFacts,
  bootloader: Placed<BootloaderSection> | undefined,
  conversion: Conversion,
): Placed<KernelSection> | undefined {
  const { compose, notes } = conversion;
  if (isArchive) {
    for (const section of [system.KernelOptions, system.KernelCommandLine]) {
      if (section !== undefined) notes.add("dropped", section.spot, "an image for WSL has no kernel of its own");
    }
    return undefined;
  }
  const kernels = (system.KernelOptions?.value ?? []).filter(({ key }) => !key.startsWith("_"));
  const installed = kernels.find(({ key }) => key === "default");
  for (const kernel of kernels) {
    if (kernel !== installed)
      notes.add("dropped", kernel.spot, "only the kernel called default is installed", "Add it to kernel.packages");
  }
  return compose.mappingOfAny(system.KernelOptions?.spot ?? system.KernelCommandLine?.spot ?? spot, {
    packages: installed && compose.list(installed.spot, [placed(installed.value.trim(), installed.spot)]),
    cmdline: commandLine(system, conversion),
    // Said either way: the defaults of a target may ask for the other one.
    uki: bootloader && { value: bootloader.value.provider === "systemd-boot", place: bootloader.place },
  });
}

function commandLine(system: SystemConfigModel, { notes }: Conversion): Placed<string> | undefined {
  const { KernelCommandLine } = system;
  if (KernelCommandLine === undefined) return undefined;
  const { ImaPolicy, SELinux, CGroup, EnableFIPS, ExtraCommandLine } = KernelCommandLine.value;
  const words = itemsOf(ImaPolicy).flatMap(({ value }) => (value === "" ? [] : [`ima_policy=${value}`]));
  if (textOf(SELinux) === "force_enforcing") words.push("enforcing=1");
  if (textOf(CGroup) !== "") words.push(`systemd.unified_cgroup_hierarchy=${textOf(CGroup) === "version_one" ? 0 : 1}`);
  if (EnableFIPS?.value === true) {
    words.push("fips=1");
    if (itemsOf(system.PartitionSettings).some(({ value }) => textOf(value.MountPoint) === "/boot")) {
      const message = "with a /boot of its own the initrd also needs to know it: only fips=1 is carried over";
      notes.add("changed", EnableFIPS.spot, message, "Add boot=PARTLABEL=NAME to kernel.cmdline");
    }
  }
  if (ExtraCommandLine !== undefined) words.push(ExtraCommandLine.value.trim());
  const line = words.filter((word) => word !== "").join(" ");
  return line === "" ? undefined : placed(line, (ExtraCommandLine ?? KernelCommandLine).spot);
}

/** SELinux as asked for; off where its policy is installed and nobody asks for it, as the toolkit has it. */
export function convertSelinux(
  { KernelCommandLine }: SystemConfigModel,
  { packageNames, isRootfs }: BootFacts,
  { compose, notes }: Conversion,
): Placed<SelinuxSection> | undefined {
  const SELinux = KernelCommandLine?.value.SELinux;
  if (KernelCommandLine === undefined || textOf(SELinux) === "") {
    const hasPolicy = [...packageNames].some((name) => name.startsWith("selinux-policy"));
    if (KernelCommandLine === undefined || !hasPolicy || isRootfs) return undefined;
    const at = spotOf(SELinux, KernelCommandLine.spot, "SELinux");
    notes.add("assumed", at, "disabled: that is what no mode means");
    return compose.mapping(at, { mode: placed<SelinuxSection["mode"]>("disabled", at) });
  }
  const { spot } = SELinux ?? KernelCommandLine;
  const mode = textOf(SELinux) === "permissive" ? "permissive" : "enforcing";
  return compose.mapping(spot, { mode: placed<SelinuxSection["mode"]>(mode, spot) });
}

/** The environment variable that names the file with the passphrase; empty until somebody sets it, and then refused. */
export const PASSPHRASE_VARIABLE = "DISK_PASSPHRASE_FILE";

/** Encryption of the root partition; its passphrase is never carried over. */
export function convertEncryption(
  { Encryption, PartitionSettings }: SystemConfigModel,
  { hasDisk }: BootFacts,
  { compose, notes }: Conversion,
): Placed<FdeSection> | undefined {
  if (Encryption?.value.Enable?.value !== true) return undefined;
  const { Enable } = Encryption.value;
  if (!hasDisk) {
    notes.add(
      "dropped",
      Encryption.spot,
      "the installer asks for it",
      "Set systemConfig.fde for an installer that does not ask",
    );
    return undefined;
  }
  const root = itemsOf(PartitionSettings).find(({ value }) => textOf(value.MountPoint) === "/");
  const message = "becomes fde with LUKS alone, without LVM; the passphrase is not carried over";
  const hint = `Write it into a file, and set ${PASSPHRASE_VARIABLE} to its name when you build`;
  notes.add("changed", Encryption.spot, message, hint);
  return compose.mapping(Encryption.spot, {
    enabled: placed(true, Enable.spot),
    passphraseFile: placed(`\${${PASSPHRASE_VARIABLE}}`, Encryption.spot),
    partitions:
      root?.value.ID === undefined
        ? undefined
        : compose.list(root.value.ID.spot, [placed(root.value.ID.value, root.value.ID.spot)]),
  });
}

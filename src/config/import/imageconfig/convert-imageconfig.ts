import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import type { Spot } from "../source-node.ts";
import { type NameSources, convertTarget, imageNameOf } from "./convert-target.ts";
import { convertGroups, convertUsers } from "./convert-accounts.ts";
import {
  type BootFacts,
  PASSPHRASE_VARIABLE,
  convertBootloader,
  convertEncryption,
  convertKernel,
  convertSelinux,
} from "./convert-boot.ts";
import { convertDisk, outputKindOf } from "./convert-disk.ts";
import { convertFiles, convertPostInstallScripts, convertPreInstallScripts } from "./convert-files.ts";
import { convertNetworks } from "./convert-networks.ts";
import { convertPackageFiles } from "./convert-package-files.ts";
import { parsePackageEntry } from "./check-packages.ts";
import type { Conversion } from "./conversion.ts";
import { type ImageConfig, type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import { noteOptions } from "./note-options.ts";
import type { RequestedPackages } from "./read-packages.ts";
import type { ConfigurationSections, ImageTemplate, SystemConfigSection } from "./sections.ts";

/** The same names as the schema of templates allows. */
const PACKAGE = /^[A-Za-z0-9][A-Za-z0-9+_.:~^*?[\]-]*([<>=]=?[A-Za-z0-9+_.:~^-]+)?$/;
const SYSTEM_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export interface ImageConfigSource extends NameSources {
  readonly root: Spot;
  readonly config: ImageConfig;
  readonly system: Field<SystemConfigModel>;
  readonly packages: RequestedPackages;
}

/** The template that describes what a system configuration and the first disk describe. */
export async function convertImageConfig(
  source: ImageConfigSource,
  conversion: Conversion,
): Promise<Placed<ImageTemplate>> {
  const { config, system, packages, root } = source;
  const { compose, notes } = conversion;
  const [disk] = itemsOf(config.Disks);
  const facts: BootFacts = {
    config,
    packageNames: new Set(packages.entries.map(({ value }) => parsePackageEntry(value)?.name ?? value)),
    isRootfs: disk !== undefined && outputKindOf(disk, system.value) !== "disk",
    isArchive: disk !== undefined && outputKindOf(disk, system.value) === "archive",
    hasDisk: disk !== undefined,
  };
  noteOptions(system.value, notes);
  notes.add(
    "assumed",
    system.value.Packages?.spot ?? system.value.PackageLists?.spot ?? system.spot,
    "the default packages of the target are installed, too",
    "List what must not be there under excludePackages",
  );
  const systemConfig = await convertSystem(source, facts, conversion);
  const { fde } = systemConfig.value;
  return compose.mapping(root, {
    variables: fde && compose.mapping(root, { [PASSPHRASE_VARIABLE]: placed("", root) }),
    image: compose.mapping(root, {
      name: imageNameOf(source),
      version: placed("1.0.0", root),
    }),
    target: convertTarget(source, conversion),
    disk: convertDisk(config, system.value, conversion),
    systemConfig,
  });
}

async function convertSystem(
  { system, packages }: ImageConfigSource,
  facts: BootFacts,
  conversion: Conversion,
): Promise<Placed<SystemConfigSection>> {
  const { value, spot } = system;
  const { compose } = conversion;
  const name = textOf(value.Name);
  const nameSpot = value.Name?.spot ?? spot;
  const bootloader = convertBootloader(system, facts, conversion);
  return compose.mapping(spot, {
    name: placed(systemNameOf(name), nameSpot),
    description: systemNameOf(name) === name ? undefined : placed(name, nameSpot),
    hostname:
      value.Hostname === undefined || value.Hostname.value === ""
        ? undefined
        : placed(value.Hostname.value, value.Hostname.spot),
    bootloader,
    fde: convertEncryption(value, facts, conversion),
    selinux: convertSelinux(value, facts, conversion),
    groups: convertGroups(value, conversion),
    users: await convertUsers(value, conversion),
    network: convertNetworks(value, conversion),
    packages: convertPackages(packages, conversion),
    packageFiles: convertPackageFiles(value, conversion),
    additionalFiles: convertFiles(value, conversion),
    preInstallScripts: convertPreInstallScripts(value, conversion),
    postInstallScripts: convertPostInstallScripts(value, conversion),
    configurations: hidepid(value, conversion),
    kernel: convertKernel(system, facts, bootloader, conversion),
  });
}

function systemNameOf(name: string): string {
  if (SYSTEM_NAME.test(name)) return name;
  const valid = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 128);
  return valid === "" ? "system" : valid;
}

/** Each entry once, at its first place. */
function convertPackages({ entries }: RequestedPackages, { compose, notes }: Conversion): Placed<string[]> | undefined {
  const seen = new Set<string>();
  const items = entries.flatMap(({ value, spot }) => {
    const entry = parsePackageEntry(value);
    const written = entry === undefined ? value : `${entry.name}${entry.operator}${entry.version}`;
    if (seen.has(written)) return [];
    seen.add(written);
    if (!PACKAGE.test(written)) {
      notes.add("dropped", spot, "is no name of a package");
      return [];
    }
    return [placed(written, spot)];
  });
  return compose.listOfAny(undefined, items);
}

/** A line in /etc/fstab, which systemd applies to /proc when it starts. @see systemd-remount-fs.service(8) */
function hidepid(system: SystemConfigModel, { compose, notes }: Conversion): Placed<ConfigurationSections> | undefined {
  const { EnableHidepid, HidepidDisabled } = system;
  const field =
    EnableHidepid?.value === true ? EnableHidepid : HidepidDisabled?.value === false ? HidepidDisabled : undefined;
  if (field === undefined) return undefined;
  notes.add("changed", field.spot, "becomes a command that adds a line for /proc to /etc/fstab");
  const cmd = "echo 'proc /proc proc nosuid,nodev,noexec,hidepid=2 0 0' >> /etc/fstab";
  return compose.list(field.spot, [compose.mapping(field.spot, { cmd: placed(cmd, field.spot) })]);
}

import type { Field } from "../decode.ts";
import type { NoteList } from "../import-note.ts";
import { type ImageConfig, type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import type { RequestedPackages } from "./read-packages.ts";
import { type Report, spotOf } from "./rule-context.ts";

export interface PackageEntry {
  readonly name: string;
  readonly operator: string;
  readonly version: string;
}

/** A name, or a name with `=`, `<`, `>`, `<=` or `>=` and a version; undefined for anything else. */
export function parsePackageEntry(entry: string): PackageEntry | undefined {
  const match = /^\s*([^<>=\s]+)\s*(?:(<=|>=|=|<|>)\s*([^<>=\s]+)\s*)?$/.exec(entry);
  const [, name, operator = "", version = ""] = match ?? [];
  return name === undefined ? undefined : { name, operator, version };
}

/**
 * The rules of the toolkit's validator about packages.
 *
 * @param notes receives the rule about shadow-utils for configurations of branches that did not have it
 */
export function checkPackages(
  config: ImageConfig,
  { value: system, spot }: Field<SystemConfigModel>,
  requested: RequestedPackages,
  report: Report,
  notes: NoteList,
): void {
  const names = new Set<string>();
  for (const { value, spot: at } of requested.entries) {
    const entry = parsePackageEntry(value);
    if (entry === undefined) {
      report(at, `${JSON.stringify(value)} is no package`, {
        expected: "a name, or a name with an operator and a version",
      });
    } else if (entry.name === "kernel") {
      report(at, "the kernel is no package of a list", { hint: "Name it under KernelOptions" });
    }
    names.add(entry?.name ?? "");
  }
  checkKickstart(config, system, report);
  if (!requested.isComplete) return;
  const { EnableFIPS, ExtraCommandLine, SELinux, SELinuxPolicy } = system.KernelCommandLine?.value ?? {};
  const asksForFips = /(^|\s)fips=1(\s|$)/.test(textOf(ExtraCommandLine));
  const fips = EnableFIPS?.value === true ? EnableFIPS : asksForFips ? ExtraCommandLine : undefined;
  if (fips !== undefined && !names.has("dracut-fips")) report(fips.spot, 'FIPS needs the package "dracut-fips"');
  const policy = textOf(SELinuxPolicy) === "" ? "selinux-policy" : textOf(SELinuxPolicy);
  if (SELinux !== undefined && SELinux.value !== "" && !names.has(policy)) {
    report(SELinux.spot, `SELinux needs the package ${JSON.stringify(policy)}`);
  }
  const accounts =
    itemsOf(system.Users).length > 0 ? system.Users : itemsOf(system.Groups).length > 0 ? system.Groups : undefined;
  if (accounts === undefined || names.has("shadow-utils")) return;
  const message = 'users and groups need the package "shadow-utils"';
  const at = spotOf(accounts, spot, "Users");
  if (isBeforeAzureLinux3(system)) notes.add("assumed", at, `${message}, which the distribution's defaults bring`);
  else report(at, message);
}

function checkKickstart({ Disks }: ImageConfig, system: SystemConfigModel, report: Report): void {
  const { IsKickStartBoot, PartitionSettings } = system;
  if (IsKickStartBoot?.value !== true) return;
  if (itemsOf(Disks).length === 0 && itemsOf(PartitionSettings).length === 0) return;
  report(IsKickStartBoot.spot, "kickstart brings the disks: Disks and PartitionSettings exclude it");
}

/** Fields that only branches 1.0 and 2.0 have. */
export function isBeforeAzureLinux3({ HidepidDisabled, ReadOnlyVerityRoot }: SystemConfigModel): boolean {
  return HidepidDisabled !== undefined || ReadOnlyVerityRoot !== undefined;
}

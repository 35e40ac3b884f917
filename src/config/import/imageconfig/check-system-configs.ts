import type { Field } from "../decode.ts";
import type { Spot } from "../source-node.ts";
import { checkAccounts } from "./check-accounts.ts";
import { checkMounts } from "./check-mounts.ts";
import { checkNetworks } from "./check-networks.ts";
import { checkPackageRepos } from "./check-package-repos.ts";
import { type ImageConfig, type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import { type Report, spotOf } from "./rule-context.ts";

const BOOT_TYPES = ["efi", "legacy", "none", ""];
const IMA_POLICIES = ["tcb", "appraise_tcb", "secure_boot", ""];
const SELINUX_MODES = ["", "enforcing", "permissive", "force_enforcing"];
const CGROUPS = ["", "version_one", "version_two"];

/** The toolkit's rules for system configurations; `root` is the whole document. */
export function checkSystemConfigs(config: ImageConfig, root: Spot, report: Report): void {
  const systems = itemsOf(config.SystemConfigs);
  if (systems.length === 0) {
    report(spotOf(config.SystemConfigs, root, "SystemConfigs"), "there is no system configuration");
  }
  const [, ...furtherDefaults] = systems.filter(({ value }) => value.IsDefault?.value === true);
  for (const { value, spot } of furtherDefaults) {
    report(spotOf(value.IsDefault, spot, "IsDefault"), "another system configuration is the default, too");
  }
  for (const system of systems) {
    checkSystemConfig(system, report);
    checkMounts(config, system, report);
    checkNetworks(system.value, report);
    checkPackageRepos(system.value, report);
    checkAccounts(system.value, report);
  }
}

function checkSystemConfig({ value: system, spot }: Field<SystemConfigModel>, report: Report): void {
  const { Name, Hostname, BootType, KernelOptions } = system;
  if (textOf(Name).trim() === "") report(spotOf(Name, spot, "Name"), "must not be empty");
  if (Hostname !== undefined && Hostname.value !== "") checkHostname(Hostname, report);
  checkChoice(BootType, BOOT_TYPES, report);
  if (itemsOf(system.PackageLists).length === 0 && itemsOf(system.Packages).length === 0) {
    report(spotOf(system.Packages, spot, "Packages"), "there are neither Packages nor PackageLists");
  }
  const kernels = KernelOptions?.value ?? [];
  if (itemsOf(system.PartitionSettings).length > 0 && !kernels.some(({ key }) => key === "default")) {
    report(spotOf(KernelOptions, spot, "KernelOptions"), 'has no kernel "default", which a disk image needs');
  }
  for (const { key, value, spot: at } of kernels) {
    if (!key.startsWith("_") && value.trim() === "") report(at, "must not be empty");
  }
  checkCommandLine(system, report);
  checkAdditionalFiles(system, report);
}

function checkHostname({ value, spot }: Field<string>, report: Report): void {
  const labels = value.replace(/\.$/, "").split(".");
  const isDnsName = value.length <= 255 && labels.every((label) => /^[A-Za-z0-9_-]{1,63}$/.test(label));
  const isAddress = /^\d+(\.\d+){3}$/.test(value) || value.includes(":");
  if (value.includes("_")) report(spot, "a host name has no _", { hint: "Use - instead" });
  else if (!isDnsName || isAddress) {
    report(spot, `${JSON.stringify(value)} is no host name`, {
      expected: "labels of up to 63 letters, digits and -, between dots",
    });
  }
}

function checkCommandLine({ KernelCommandLine }: SystemConfigModel, report: Report): void {
  const { ImaPolicy, SELinux, CGroup, ExtraCommandLine } = KernelCommandLine?.value ?? {};
  for (const policy of itemsOf(ImaPolicy)) checkChoice(policy, IMA_POLICIES, report);
  checkChoice(SELinux, SELINUX_MODES, report);
  checkChoice(CGroup, CGROUPS, report);
  if (ExtraCommandLine?.value.includes("`") === true) report(ExtraCommandLine.spot, "has a ` in it");
}

function checkChoice(field: Field<string> | undefined, choices: readonly string[], report: Report): void {
  if (field === undefined || choices.includes(field.value)) return;
  const expected = `one of ${choices.filter((choice) => choice !== "").join(", ")}`;
  report(field.spot, `unknown value ${JSON.stringify(field.value)}`, { expected });
}

function checkAdditionalFiles({ AdditionalFiles }: SystemConfigModel, report: Report): void {
  for (const { value: targets } of AdditionalFiles?.value ?? []) {
    for (const { value: target, spot } of targets) {
      if (textOf(target.Path) === "") report(spotOf(target.Path, spot, "Path"), "must not be empty");
      const { Permissions } = target;
      if (Permissions === undefined) continue;
      if (!/^0*[0-7]{1,3}$/.test(Permissions.value)) {
        report(Permissions.spot, `${JSON.stringify(Permissions.value)} are no permissions`, {
          expected: 'octal digits up to 777, for example "644"',
        });
      }
    }
  }
}

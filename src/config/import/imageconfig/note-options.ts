import type { Field } from "../decode.ts";
import type { NoteList } from "../import-note.ts";
import type { SystemConfigModel } from "./model.ts";
import { itemsOf } from "./model.ts";

type SwitchName = "IsKickStartBoot" | "IsIsoInstall" | "EnableSystemdFirstboot" | "RemoveRpmDb" | "PreserveTdnfCache";

/** Switches that a template has no word for: what is lost when they are on, and what to do. */
const SWITCHES: Readonly<Record<SwitchName, readonly [message: string, hint?: string]>> = {
  IsKickStartBoot: ["kickstart files are not read", "Describe the disk under disk"],
  IsIsoInstall: ["it is set by the tool that makes the installer"],
  EnableSystemdFirstboot: [
    "/etc/machine-id stays empty: systemd-firstboot asks nothing",
    "Write uninitialized into /etc/machine-id with a command under configurations",
  ],
  RemoveRpmDb: ["the package database stays", "Remove /var/lib/rpm with a script under postInstallScripts"],
  PreserveTdnfCache: ["the image has no cache of downloaded packages"],
};

/** Notes what no field of a template can say. */
export function noteOptions(system: SystemConfigModel, notes: NoteList): void {
  for (const key of Object.keys(SWITCHES) as SwitchName[]) {
    const field: Field<boolean> | undefined = system[key];
    if (field?.value === true) notes.add("dropped", field.spot, ...SWITCHES[key]);
  }
  const { EnableGrubMkconfig, ReadOnlyVerityRoot, PackageRepos } = system;
  if (EnableGrubMkconfig?.value === false) {
    const hint = "Bring your own with additionalFiles";
    notes.add("dropped", EnableGrubMkconfig.spot, "the boot loader always gets a configuration", hint);
  }
  if (ReadOnlyVerityRoot !== undefined && isEnabled(ReadOnlyVerityRoot)) {
    const hint = "Add a partition for the hashes, and set systemConfig.immutability.enabled";
    notes.add(
      "dropped",
      ReadOnlyVerityRoot.spot,
      "the hashes of a read-only root are in a partition of their own here",
      hint,
    );
  }
  for (const { spot, value } of itemsOf(PackageRepos)) {
    const listed = "List it under repositories, with a file of the key that signs it as gpgkey";
    const hasVariable = /\$(?:releasever|basearch|arch)/.test(value.BaseUrl?.value ?? "");
    const hint = hasVariable ? `${listed}, and values instead of $releasever and $basearch` : listed;
    notes.add(
      "dropped",
      value.BaseUrl?.spot ?? spot,
      "only installers used it, and its key is a file of the installed system",
      hint,
    );
  }
}

function isEnabled({ spot: { node } }: Field<true>): boolean {
  if (node.kind !== "mapping") return false;
  const enable = node.entries.findLast(({ key }) => key.toLowerCase() === "enable")?.node;
  return enable?.kind === "truth" && enable.isTrue;
}

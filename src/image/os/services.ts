import type { ServicesSection } from "../../config/index.ts";
import { ComposerError, nearestOf } from "../../core/index.ts";
import type { ImageTree } from "./image-tree.ts";
import { UNIT_DIRECTORIES, hasUnit } from "./network.ts";

/** What `systemctl` is run with, inside the image. */
export type SystemctlCommand = readonly ["systemctl", "--no-reload", "enable" | "disable" | "mask", "--", ...string[]];

export interface ServicesPlan {
  readonly commands: readonly SystemctlCommand[];
  readonly warnings: readonly string[];
}

export interface ServicesOptions {
  /** Units that other parts of the configuration need enabled. */
  readonly requiredUnits?: readonly string[];
  /** Whether nobody but the default template asks for the unit at a path of the template. */
  readonly isDefault?: (templatePath: string) => boolean;
}

/**
 * Plans the runs of systemctl that switch units on and off: at most one per verb.
 *
 * Units that only the default template enables are left out where the template has excluded their package.
 * @throws {TEMPLATE_INVALID} a unit to enable is not installed, or one to mask cannot be
 */
export async function planServices(
  tree: ImageTree,
  services: ServicesSection,
  { requiredUnits = [], isDefault = () => false }: ServicesOptions = {},
): Promise<ServicesPlan> {
  const warnings: string[] = [];
  const enable: string[] = [...requiredUnits];
  for (const [index, name] of (services.enable ?? []).entries()) {
    const place = `systemConfig.services.enable[${index}]`;
    const unit = fullName(name);
    if (await isInstalled(tree, unit)) enable.push(unit);
    else if (!isDefault(place)) throw await missingUnit(tree, unit, place);
  }
  const disable: string[] = [];
  const mask: string[] = [];
  for (const [index, name] of (services.disable ?? []).entries()) {
    const unit = fullName(name);
    if (await isInstalled(tree, unit)) disable.push(unit);
    else if (!isDefault(`systemConfig.services.disable[${index}]`))
      warnings.push(await absence(tree, "disabled", unit));
  }
  for (const [index, name] of (services.mask ?? []).entries()) {
    const unit = fullName(name);
    await refuseOwnFile(tree, unit, index);
    mask.push(unit);
    // To mask what a later package brings is a fair wish.
    if (!(await isInstalled(tree, unit))) warnings.push(await absence(tree, "masked", unit));
  }
  // What the template switches off stays off, even when another part would need it.
  const off = new Set([...disable, ...mask]);
  return {
    commands: [
      ...command(
        "enable",
        enable.filter((unit) => !off.has(unit)),
      ),
      ...command("disable", disable),
      ...command("mask", mask),
    ],
    warnings,
  };
}

function command(verb: SystemctlCommand[2], units: readonly string[]): SystemctlCommand[] {
  return units.length === 0 ? [] : [["systemctl", "--no-reload", verb, "--", ...new Set(units)]];
}

async function missingUnit(tree: ImageTree, unit: string, place: string): Promise<ComposerError> {
  const near = nearestOf(unit, await installedUnits(tree));
  const hint =
    near === undefined ? "Add the package that brings it to systemConfig.packages" : `Did you mean "${near}"?`;
  return new ComposerError("TEMPLATE_INVALID", `Cannot enable the unit "${unit}": the image has no such unit`, {
    hint,
    details: [`named at ${place}`],
  });
}

async function absence(tree: ImageTree, verb: "disabled" | "masked", unit: string): Promise<string> {
  const near = nearestOf(unit, await installedUnits(tree));
  const question = near === undefined ? "" : `; did you mean "${near}"?`;
  return `The ${verb} unit "${unit}" is not installed${question}`;
}

/** Masking puts a link where the administrator's own unit files are: systemctl refuses to replace one. */
async function refuseOwnFile(tree: ImageTree, unit: string, index: number): Promise<void> {
  const file = `/etc/systemd/system/${unit}`;
  if (!unit.includes("/") && (await tree.stat(file))?.kind !== "file") return;
  const state = unit.includes("/") ? "that is no name of a unit" : `"${file}" is a file of its own`;
  throw new ComposerError("TEMPLATE_INVALID", `Cannot mask the unit "${unit}": ${state}`, {
    hint: "Leave the file out, or disable the unit instead",
    details: [`named at systemConfig.services.mask[${index}]`],
  });
}

function fullName(name: string): string {
  return /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/.test(name)
    ? name
    : `${name}.service`;
}

/** An instance `getty@tty1.service` is installed when its template `getty@.service` is. */
async function isInstalled(tree: ImageTree, unit: string): Promise<boolean> {
  if (unit.includes("/")) return false;
  if (await hasUnit(tree, unit)) return true;
  const template = unit.replace(/@[^@]+(\.[a-z]+)$/, "@$1");
  if (template !== unit && (await hasUnit(tree, template))) return true;
  return unit.endsWith(".service") && (await tree.exists(`/etc/init.d/${unit.slice(0, -".service".length)}`));
}

async function installedUnits(tree: ImageTree): Promise<string[]> {
  const units = new Set<string>();
  for (const directory of UNIT_DIRECTORIES) for (const name of await tree.list(directory)) units.add(name);
  return [...units];
}

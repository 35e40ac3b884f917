import { type Finding, type ImageTemplate, type MergedTemplate, checkBootable, loadTemplate } from "../config/index.ts";
import { architectureOf, parseSize } from "../core/index.ts";
import { checkDisk } from "../image/index.ts";
import type { CliContext } from "./context.ts";

/** Loads a template with every check that needs no network. @throws what {@link loadTemplate} throws */
export async function loadCheckedTemplate(context: CliContext, file: string): Promise<MergedTemplate> {
  const { configDir } = await context.settings();
  return loadTemplate(context.host, file, { configDir, checks: [checkDiskSection, checkBootable] });
}

function checkDiskSection({ disk, target, systemConfig }: ImageTemplate): Finding[] {
  const architecture = architectureOf(target.arch);
  const hasPartitions = target.imageType === "raw" || target.imageType === "iso";
  // What no number can hold has been found by then.
  const hasSize = disk?.size === undefined || parseSize(disk.size) !== undefined;
  if (architecture === undefined || !hasPartitions || !hasSize) return [];
  const bootType = systemConfig?.bootloader?.bootType;
  const issues = checkDisk(disk ?? {}, { architecture, ...(bootType === undefined ? {} : { bootType }) });
  return issues.map(({ code, ...finding }) => ({
    ...finding,
    code: code === "TEMPLATE_UNSUPPORTED" ? code : "TEMPLATE_INVALID",
  }));
}

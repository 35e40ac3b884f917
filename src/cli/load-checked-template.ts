import { type Finding, type ImageTemplate, type MergedTemplate, loadTemplate } from "../config/index.ts";
import { architectureOf } from "../core/index.ts";
import { checkDisk } from "../image/index.ts";
import type { CliContext } from "./context.ts";

/** Loads a template with every check that needs no network. @throws what {@link loadTemplate} throws */
export async function loadCheckedTemplate(context: CliContext, file: string): Promise<MergedTemplate> {
  const { configDir } = await context.settings();
  return loadTemplate(context.host, file, { configDir, checks: [checkDiskSection] });
}

function checkDiskSection({ disk, target, systemConfig }: ImageTemplate): Finding[] {
  const architecture = architectureOf(target.arch);
  if (architecture === undefined) return [];
  const bootType = systemConfig?.bootloader?.bootType;
  const issues = checkDisk(disk ?? {}, { architecture, ...(bootType === undefined ? {} : { bootType }) });
  return issues.map(({ code, ...finding }) => ({
    ...finding,
    code: code === "TEMPLATE_UNSUPPORTED" ? code : "TEMPLATE_INVALID",
  }));
}

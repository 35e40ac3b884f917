import {
  type Finding,
  type ImageTemplate,
  type MergedTemplate,
  checkBootable,
  checkPrograms,
  loadTemplate,
} from "../config/index.ts";
import { architectureOf, parseSize } from "../core/index.ts";
import { checkDisk } from "../image/index.ts";
import type { CliContext } from "./context.ts";

export interface CheckOptions {
  /** Tells for a template whether checks of its disk and its boot only warn. */
  readonly onlyWarns?: (template: ImageTemplate) => boolean;
}

/** Loads a template with every check that needs no network. @throws what {@link loadTemplate} throws */
export async function loadCheckedTemplate(
  context: CliContext,
  file: string,
  { onlyWarns = () => false }: CheckOptions = {},
): Promise<MergedTemplate> {
  const { configDir } = await context.settings();
  const softened = [checkDiskSection, checkBootable].map((check) => (template: ImageTemplate): readonly Finding[] => {
    const findings = check(template);
    return onlyWarns(template) ? findings.map(asWarning) : findings;
  });
  return loadTemplate(context.host, file, { configDir, checks: [...softened, checkPrograms] });
}

/** What cannot be built at all stays refused. */
function asWarning(finding: Finding): Finding {
  return finding.code === "TEMPLATE_UNSUPPORTED" ? finding : { ...finding, severity: "warning" };
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

import { IssuesError } from "../config/index.ts";
import type { BuildRequest, Provider } from "../provider/index.ts";
import type { BuildControl } from "./build-control.ts";

/**
 * Asks the provider what is wrong with a template; only warns when the stage validate is skipped.
 *
 * @throws {TEMPLATE_INVALID} with every fault that it finds
 */
export function requireNoFaults(
  { template, emit }: Pick<BuildRequest, "template" | "emit">,
  provider: Provider,
  { stages }: Pick<BuildControl, "stages">,
): void {
  const issues = template.issuesOf(provider.preProcess(template.template));
  if (issues.length === 0) return;
  if (!stages.skipped.has("validate")) {
    throw new IssuesError(`template "${template.file}"`, issues, template.sources);
  }
  for (const { path, message } of issues) {
    emit({ type: "warning", stage: "validate", code: "TEMPLATE", message: `${path}: ${message}` });
  }
}

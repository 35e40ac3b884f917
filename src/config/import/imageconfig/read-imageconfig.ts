import { type Issue, firstIssues } from "../../document/index.ts";
import type { DecodeContext } from "../decode.ts";
import type { ForeignSource, ImportOutcome } from "../import-source.ts";
import { createComposition } from "../compose.ts";
import { checkDisks } from "./check-disks.ts";
import { checkPackages } from "./check-packages.ts";
import { checkSystemConfigs } from "./check-system-configs.ts";
import { convertImageConfig } from "./convert-imageconfig.ts";
import { ImageConfig, itemsOf } from "./model.ts";
import { readPackages } from "./read-packages.ts";
import { createReport } from "./rule-context.ts";
import { selectSystem } from "./select-system.ts";

/**
 * Checks an imageconfig by the toolkit's own rules, and converts it when it keeps them.
 *
 * @see https://github.com/microsoft/azurelinux/blob/3.0/toolkit/docs/formats/imageconfig.md
 */
export async function readImageConfig(source: ForeignSource): Promise<ImportOutcome> {
  const { node, file, notes, options } = source;
  const root = { path: [], node };
  const decoding: DecodeContext = { issues: [], notes, foldsCase: true };
  const config = ImageConfig(root, decoding);
  if (config === undefined) return { issues: decoding.issues };

  const ruleIssues: Issue[] = [];
  const report = createReport(ruleIssues);
  checkDisks(config, report);
  checkSystemConfigs(config, root, report);
  const selected = selectSystem(config, options.systemConfig, notes, report);
  const listIssues: Issue[] = [];
  const listReport = createReport(listIssues);
  const systems = await Promise.all(
    itemsOf(config.SystemConfigs).map(async (system) => {
      // What is said about lists of configurations that are not imported helps nobody.
      const context = { ...decoding, issues: listIssues, notes: system === selected ? notes : source.silentNotes };
      const packages = await readPackages(system.value, source, context, listReport);
      checkPackages(config, system, packages, listReport, context.notes);
      return { system, packages };
    }),
  );
  const found = firstIssues(file, decoding.issues, ruleIssues, listIssues);
  const chosen = systems.find(({ system }) => system === selected);
  if (found.length > 0 || chosen === undefined) return { issues: found };

  const issues: Issue[] = [];
  const template = await convertImageConfig(
    { root, config, ...chosen, fileName: file, arch: options.arch },
    { ...source, compose: createComposition(source.positions), issues },
  );
  return issues.length > 0 ? { issues } : { issues, template: template.value };
}

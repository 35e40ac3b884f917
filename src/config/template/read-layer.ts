import path from "node:path";
import { ComposerError, isComposerError, nearestOf } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import {
  type DocumentPath,
  type Issue,
  type JsonSchema,
  type Mapping,
  type Positions,
  type SourceDocument,
  checkSchema,
  firstIssues,
  isMapping,
  readDocument,
} from "../document/index.ts";
import templateSchema from "../../../schema/os-image-template.schema.json" with { type: "json" };
import { foreignFormatOf } from "../import/foreign-format.ts";
import type { ImportedDocument } from "../import/import-template.ts";
import { checkLayer } from "./checks/check-template.ts";
import { locateFindings } from "./locate-findings.ts";
import { expandRepositories } from "./expand-repositories.ts";
import { pruneInvalid } from "./prune-invalid.ts";
import type { ImageTemplate } from "./schema/index.ts";
import { substituteVariables } from "./variables.ts";

/** What loading templates takes from the host. */
export type TemplateHost = Pick<Host, "files" | "environment">;

/** What all layers of one template share. */
export interface LayerContext {
  readonly host: TemplateHost;
  readonly positions: Positions;
  /** The texts for code frames, by the file names of positions. */
  readonly sources: Map<string, string>;
}

/** One file of a template, checked by itself. */
export interface Layer {
  /** The file as messages show it. */
  readonly file: string;
  /** The parts that the schema allows: what the issues refuse is left out. */
  readonly value: Mapping;
  readonly issues: readonly Issue[];
  /** Where something was left out. */
  readonly pruned: readonly DocumentPath[];
  /** Where the file is no template, but became one. */
  readonly imported?: ImportedDocument;
}

export const TEMPLATE_SCHEMA = templateSchema as JsonSchema;

/**
 * Reads one file, substitutes its variables, and checks it by itself; imports it when it is a foreign description.
 *
 * @param file as messages show it, relative to the working directory or absolute
 * @throws {TEMPLATE_NOT_FOUND} there is no such file
 * @throws {TEMPLATE_SYNTAX} the file is no text, or too large for a template
 */
export async function readLayer(context: LayerContext, file: string): Promise<Layer> {
  const { host, positions, sources } = context;
  const absolute = path.resolve(host.environment.workingDirectory, file);
  const document = await readTemplateFile(context, absolute, file);
  sources.set(file, document.text);
  const imported = await importForeign(context, file, document);
  if (imported !== undefined) {
    for (const [name, text] of imported.sources) sources.set(name, text);
    if (imported.template === undefined) return { file, value: {}, issues: imported.issues, pruned: [[]], imported };
    return { ...checkLayerValue(context, file, imported.template, []), imported };
  }
  const { value, issues, isReadable } = document;
  if (!isReadable || !isMapping(value)) {
    const found = isReadable ? checkSchema(value, TEMPLATE_SCHEMA, "TEMPLATE_INVALID", positions) : [];
    return { file, value: {}, issues: firstIssues(file, issues, found), pruned: [[]] };
  }
  return checkLayerValue(context, file, value, issues);
}

function checkLayerValue(
  { host, positions }: LayerContext,
  file: string,
  value: Mapping,
  issues: readonly Issue[],
): Layer {
  const substitution = substituteVariables(value, host.environment.variables, positions);
  const root = isMapping(substitution.value) ? substitution.value : {};
  const schemaIssues = checkSchema(root, TEMPLATE_SCHEMA, "TEMPLATE_INVALID", positions);
  const found = firstIssues(file, issues, substitution.issues, schemaIssues);
  const { value: valid, pruned } = pruneInvalid(root, TEMPLATE_SCHEMA, schemaIssues, positions);
  const repeated = locateFindings(checkLayer(valid as ImageTemplate), valid, positions);
  return { file, value: expandRepositories(valid, positions), issues: [...found, ...repeated], pruned };
}

/** Loads the importers only for what may be theirs: a JSON object, or a document with keys of a build specification. */
async function importForeign(
  { host, positions }: LayerContext,
  file: string,
  { text, value }: SourceDocument,
): Promise<ImportedDocument | undefined> {
  if (!/^\s*\{/.test(text) && foreignFormatOf(value) === undefined) return undefined;
  const { importedDocument } = await import("../import/import-template.ts");
  return importedDocument(host, file, positions);
}

async function readTemplateFile({ host, positions }: LayerContext, absolute: string, file: string) {
  try {
    return await readDocument(host.files, absolute, file, "TEMPLATE_SYNTAX", positions);
  } catch (error) {
    if (!isComposerError(error, "HOST_FILE_UNREADABLE")) throw error;
    const exists = await host.files.exists(absolute);
    if (exists) throw new ComposerError("TEMPLATE_NOT_FOUND", error.message.replace(absolute, file));
    const near = await nearFile(host, absolute);
    throw new ComposerError("TEMPLATE_NOT_FOUND", `Cannot read template "${file}": it does not exist`, {
      ...(near === undefined ? {} : { hint: `Did you mean "${path.join(path.dirname(file), near)}"?` }),
    });
  }
}

/** The name of a file in the same directory that was probably meant. */
export async function nearFile({ files }: TemplateHost, absolute: string): Promise<string | undefined> {
  return nearestOf(path.basename(absolute), await files.list(path.dirname(absolute)).catch(() => []));
}

/** Relative to the working directory where that is below it: shorter, and the same on every machine. */
export function shownPath({ environment }: TemplateHost, file: string): string {
  const relative = path.relative(environment.workingDirectory, file);
  return relative.startsWith("..") ? file : relative;
}

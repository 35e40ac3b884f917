import path from "node:path";
import type { SourcePosition } from "../../core/index.ts";
import {
  type DocumentPath,
  type Finding,
  type Issue,
  IssuesError,
  type Mapping,
  Positions,
  checkSchema,
  entryOf,
  isContainer,
  isMapping,
} from "../document/index.ts";
import type { ImportedDocument } from "../import/import-template.ts";
import { checkReferencedFiles } from "./checks/check-files.ts";
import { checkSupport } from "./checks/check-support.ts";
import { checkTemplate } from "./checks/check-template.ts";
import { locateFindings, toPath } from "./locate-findings.ts";
import { mergeTemplates } from "./merge-template.ts";
import {
  type Layer,
  type LayerContext,
  readLayer,
  shownPath,
  TEMPLATE_SCHEMA,
  type TemplateHost,
} from "./read-layer.ts";
import { readLayers } from "./read-layers.ts";
import type { ImageTemplate, TargetSection } from "./schema/index.ts";
import { findTargetDefaults, type TargetDefaults } from "./target-defaults.ts";

/** A checked template over what it extends and the defaults of its target; every value knows where it was written. */
export interface MergedTemplate {
  readonly template: ImageTemplate;
  /** The absolute path of the user's file. */
  readonly file: string;
  /** The files of the layers, the lowest first; the last is the user's. */
  readonly files: readonly string[];
  /** What the user's file was, where it is no template itself. */
  readonly imported?: ImportedDocument;
  /** What is allowed, but probably not meant. */
  readonly warnings: readonly Issue[];
  /** What this version cannot build yet: see {@link requireSupported}. */
  readonly unsupported: readonly Issue[];
  /** The texts for code frames, secrets masked, by the file names of positions. */
  readonly sources: ReadonlyMap<string, string>;
  /** Where the value at a path was written; the nearest enclosing value when it was not written at all. */
  readonly positionOf: (path: DocumentPath | string) => SourcePosition | undefined;
  /** Whether only the default template of the target says what is at a path. */
  readonly isDefault: (path: DocumentPath | string) => boolean;
  /** The absolute path of a file that the template names, relative to the file that names it. */
  readonly localFile: (path: DocumentPath | string) => string;
  /** Adds positions to findings of other parts of the program. */
  readonly issuesOf: (findings: readonly Finding[]) => Issue[];
}

export interface LoadTemplateOptions {
  /** The directory that holds `osv/`. */
  readonly configDir: string;
  /** Further checks of the merged template, whose findings are shown together with ours. */
  readonly checks?: readonly ((template: ImageTemplate) => readonly Finding[])[];
}

/**
 * Reads a template, lays it over what it extends and the default template of its target, and checks the result; asks no
 * network.
 *
 * What one check refuses is left out for the next ones, so that all findings appear in one run.
 * @param file as the user wrote it; messages show it like that
 * @throws {TEMPLATE_NOT_FOUND} there is no such file
 * @throws {TEMPLATE_SYNTAX} a file is no plain YAML
 * @throws {TEMPLATE_INVALID} with every issue of every file in its details
 * @throws {PROVIDER_UNKNOWN} nothing is known about the target
 */
export async function loadTemplate(
  host: TemplateHost,
  file: string,
  options: LoadTemplateOptions,
): Promise<MergedTemplate> {
  const context: LayerContext = { host, positions: new Positions(), sources: new Map() };
  const { positions, sources } = context;
  const user = await readLayers(context, file);
  const target = user.layers.at(-1)?.value["target"];
  const defaults = isMapping(target)
    ? await readDefaults(context, options.configDir, target as TargetSection)
    : { findings: [] };
  const layers = [...(defaults.layer === undefined ? [] : [defaults.layer]), ...user.layers];
  const root = mergeTemplates(
    layers.map((layer) => layer.value),
    positions,
  );
  const merged = createMerged(context, file, layers, defaults.layer, root);

  const issues = [...user.issues, ...(defaults.layer?.issues ?? [])];
  // Layers that are right by themselves make a right whole; this is about the ones that lack something.
  if (issues.length === 0) issues.push(...checkSchema(root, TEMPLATE_SCHEMA, "TEMPLATE_INVALID", positions));
  if (isMapping(target)) issues.push(...(await checkMeaning(merged, host, layers, defaults, options)));

  const isUnsupported = ({ code }: Issue): boolean => code === "TEMPLATE_UNSUPPORTED";
  const warnings = issues.filter((issue) => issue.severity === "warning");
  const unsupported = issues.filter(isUnsupported);
  const errors = issues.filter((issue) => issue.severity !== "warning" && !isUnsupported(issue));
  const imported = user.layers.at(-1)?.imported;
  if (errors.length > 0) {
    const others = [...noteIssues(imported), ...warnings, ...unsupported];
    throw new IssuesError(`template "${file}"`, errors, sources, others);
  }
  return { ...merged, warnings, unsupported, ...(imported === undefined ? {} : { imported }) };
}

/** Refuses what {@link MergedTemplate.unsupported} lists. @throws {TEMPLATE_UNSUPPORTED} */
export function requireSupported(merged: MergedTemplate): void {
  const file = merged.files.at(-1) ?? "";
  if (merged.unsupported.length > 0) throw new IssuesError(`template "${file}"`, merged.unsupported, merged.sources);
}

/** What an import changed may be why the rest is wrong. */
function noteIssues(imported: ImportedDocument | undefined): Issue[] {
  return (imported?.notes ?? []).map(({ kind, path: at, message, hint, position }) => ({
    code: "TEMPLATE_INVALID",
    severity: "warning",
    path: at,
    message: `${kind}: ${message}`,
    position,
    ...(hint === undefined ? {} : { hint }),
  }));
}

interface Defaults {
  readonly layer?: Layer;
  readonly findings: TargetDefaults["findings"];
}

async function readDefaults(context: LayerContext, configDir: string, target: TargetSection): Promise<Defaults> {
  const { files, environment } = context.host;
  const directory = path.resolve(environment.workingDirectory, configDir);
  const { file, findings } = await findTargetDefaults(files, directory, target);
  return file === undefined
    ? { findings }
    : { findings, layer: await readLayer(context, shownPath(context.host, file)) };
}

function createMerged(
  { host, positions, sources }: LayerContext,
  file: string,
  layers: readonly Layer[],
  defaults: Layer | undefined,
  root: Mapping,
): MergedTemplate {
  const { workingDirectory } = host.environment;
  const positionOf: MergedTemplate["positionOf"] = (at) => {
    const span = positions.find(root, toPath(at));
    return span === undefined ? undefined : { file: span.file, line: span.line, column: span.column };
  };
  return {
    template: root as ImageTemplate,
    file: path.resolve(workingDirectory, file),
    files: layers.map((layer) => layer.file),
    warnings: [],
    unsupported: [],
    sources,
    positionOf,
    isDefault: (at) => defaults !== undefined && positionOf(at)?.file === defaults.file,
    localFile: (at) =>
      path.resolve(workingDirectory, path.dirname(positionOf(at)?.file ?? file), String(valueAt(root, toPath(at)))),
    issuesOf: (findings) => locateFindings(findings, root, positions),
  };
}

/** What the merged template means, as far as it is there. */
async function checkMeaning(
  { template, localFile, issuesOf }: MergedTemplate,
  host: TemplateHost,
  layers: readonly Layer[],
  defaults: Defaults,
  options: LoadTemplateOptions,
): Promise<Issue[]> {
  const findings = [
    ...checkTemplate(template),
    ...(await checkReferencedFiles(host.files, template, localFile)),
    // Without the target's defaults there is no complete disk or boot loader to judge.
    ...(defaults.layer === undefined ? [] : (options.checks ?? []).flatMap((check) => check(template))),
    ...defaults.findings,
    ...checkSupport(template),
  ];
  const pruned = new Set(layers.flatMap((layer) => layer.pruned).map(sectionOf));
  return issuesOf(findings.filter(({ path: at }) => !pruned.has(sectionOf(toPath(at)))));
}

/** What was left out of a section would give findings about the rest that nobody could understand. */
function sectionOf(at: DocumentPath): string {
  return at[0] === "disk" ? "disk" : at.slice(0, 2).join(".");
}

function valueAt(root: unknown, at: DocumentPath): unknown {
  return at.reduce<unknown>((value, key) => (isContainer(value) ? entryOf(value, key) : undefined), root);
}

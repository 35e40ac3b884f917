import path from "node:path";
import { ComposerError, type SourcePosition, isComposerError, nearestOf } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import {
  type DocumentPath,
  type Finding,
  type Issue,
  type JsonSchema,
  type Mapping,
  Positions,
  checkSchema,
  formatPath,
  isMapping,
  IssuesError,
  firstIssues,
  parsePath,
  readDocument,
} from "../document/index.ts";
import templateSchema from "../../../schema/os-image-template.schema.json" with { type: "json" };
import { checkReferencedFiles } from "./check-files.ts";
import { checkSupport } from "./check-support.ts";
import { checkLayer, checkTemplate } from "./check-template.ts";
import { mergeTemplates } from "./merge-template.ts";
import type { ImageTemplate } from "./schema/index.ts";
import { findTargetDefaults } from "./target-defaults.ts";
import { substituteVariables } from "./variables.ts";

/** A checked template over the defaults of its target; every value knows where it was written. */
export interface MergedTemplate {
  readonly template: ImageTemplate;
  /** The absolute path of the user's file. */
  readonly file: string;
  /** The files of the layers, the lowest first; the last is the user's. */
  readonly files: readonly string[];
  /** What this version cannot build yet: see {@link requireSupported}. */
  readonly unsupported: readonly Issue[];
  /** The texts for code frames, secrets masked, by the file names of positions. */
  readonly sources: ReadonlyMap<string, string>;
  /** Where the value at a path was written; the nearest enclosing value when it was not written at all. */
  readonly positionOf: (path: DocumentPath | string) => SourcePosition | undefined;
  /** The absolute path of a file that the template names, relative to the file that names it. */
  readonly localFile: (path: DocumentPath | string) => string;
  /** Adds positions to findings of other parts of the program. */
  readonly issuesOf: (findings: readonly Finding[]) => Issue[];
}

/** Parts of a template that come from the command line and win over every file. */
export type TemplateOverrides = { readonly [K in keyof ImageTemplate]?: Partial<ImageTemplate[K]> };

export interface LoadTemplateOptions {
  /** The directory that holds `osv/`. */
  readonly configDir: string;
  readonly overrides?: TemplateOverrides;
  /** Further checks of the merged template, whose findings are shown together with ours. */
  readonly checks?: readonly ((template: ImageTemplate) => readonly Finding[])[];
}

type TemplateHost = Pick<Host, "files" | "environment">;

interface Layer {
  readonly file: string;
  readonly value: Mapping;
  readonly issues: readonly Issue[];
}

/**
 * Reads a template, lays it over the default template of its target, and checks the result; asks no network.
 *
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
  const positions = new Positions();
  const sources = new Map<string, string>();
  const readLayer = (name: string): Promise<Layer> => loadLayer(host, name, positions, sources);

  const user = await readLayer(file);
  const issues = [...user.issues];
  const rejected = (): IssuesError => new IssuesError(`template "${file}"`, issues, sources);
  if (issues.length > 0) throw rejected();

  const { target } = user.value as ImageTemplate;
  const configDir = path.resolve(host.environment.workingDirectory, options.configDir);
  const defaults = await findTargetDefaults(host.files, configDir, target);
  const lower = defaults.file === undefined ? [] : [await readLayer(shownPath(host, defaults.file))];
  issues.push(...lower.flatMap((layer) => layer.issues));
  if (issues.length > 0) throw rejected();

  const layers = [...lower, user];
  const overrides = (options.overrides ?? {}) as Mapping;
  const root = mergeTemplates([...layers.map((layer) => layer.value), overrides], positions);
  positions.recordRoot(root, positions.rootOf(user.value));
  issues.push(...checkSchema(root, templateSchema as JsonSchema, "TEMPLATE_INVALID", positions));
  if (issues.length > 0) throw rejected();

  const template = root as ImageTemplate;
  const locate = (findings: readonly Finding[]): Issue[] => locateFindings(findings, root, positions);
  const positionOf = (at: DocumentPath | string): SourcePosition | undefined => {
    const span = positions.find(root, toPath(at));
    return span === undefined ? undefined : { file: span.file, line: span.line, column: span.column };
  };
  const localFile = (at: DocumentPath | string): string =>
    path.resolve(
      host.environment.workingDirectory,
      path.dirname(positionOf(at)?.file ?? file),
      String(valueAt(root, toPath(at))),
    );

  const support = [
    ...(defaults.finding === undefined ? [] : [defaults.finding]),
    ...checkSupport(template),
    // Without the target's defaults there is no complete disk or boot loader to judge.
    ...(lower.length === 0 ? [] : (options.checks ?? []).flatMap((check) => check(template))),
  ];
  const unsupported = locate(support.filter(({ code }) => code === "TEMPLATE_UNSUPPORTED"));
  issues.push(
    ...locate([
      ...support.filter(({ code }) => code !== "TEMPLATE_UNSUPPORTED"),
      ...checkTemplate(template),
      ...(await checkReferencedFiles(host.files, template, localFile)),
    ]),
  );
  if (issues.length > 0) throw rejected();
  return {
    template,
    file: path.resolve(host.environment.workingDirectory, file),
    files: layers.map((layer) => layer.file),
    unsupported,
    sources,
    positionOf,
    localFile,
    issuesOf: locate,
  };
}

/** Refuses what {@link MergedTemplate.unsupported} lists. @throws {TEMPLATE_UNSUPPORTED} */
export function requireSupported(merged: MergedTemplate): void {
  const file = merged.files.at(-1) ?? "";
  if (merged.unsupported.length > 0) throw new IssuesError(`template "${file}"`, merged.unsupported, merged.sources);
}

async function loadLayer(
  host: TemplateHost,
  file: string,
  positions: Positions,
  sources: Map<string, string>,
): Promise<Layer> {
  const absolute = path.resolve(host.environment.workingDirectory, file);
  const document = await readTemplate(host, absolute, file, positions);
  sources.set(file, document.text);
  const { value, issues, isReadable } = document;
  if (!isReadable || !isMapping(value)) {
    const found = isReadable ? checkSchema(value, templateSchema as JsonSchema, "TEMPLATE_INVALID", positions) : [];
    return { file, value: {}, issues: firstIssues(file, issues, found) };
  }
  const substitution = substituteVariables(value, host.environment.variables, positions);
  const root = isMapping(substitution.value) ? substitution.value : {};
  const schemaIssues = checkSchema(root, templateSchema as JsonSchema, "TEMPLATE_INVALID", positions);
  const found = firstIssues(file, issues, substitution.issues, schemaIssues);
  const repeated = found.length === 0 ? locateFindings(checkLayer(root as ImageTemplate), root, positions) : [];
  return { file, value: root, issues: [...found, ...repeated] };
}

async function readTemplate(host: TemplateHost, absolute: string, file: string, positions: Positions) {
  try {
    return await readDocument(host.files, absolute, file, "TEMPLATE_SYNTAX", positions);
  } catch (error) {
    if (!isComposerError(error, "HOST_FILE_UNREADABLE")) throw error;
    const exists = await host.files.exists(absolute);
    if (exists) throw new ComposerError("TEMPLATE_NOT_FOUND", error.message.replace(absolute, file), { cause: error });
    const near = nearestOf(path.basename(file), await host.files.list(path.dirname(absolute)).catch(() => []));
    throw new ComposerError("TEMPLATE_NOT_FOUND", `Cannot read template "${file}": it does not exist`, {
      cause: error,
      ...(near === undefined ? {} : { hint: `Did you mean "${path.join(path.dirname(file), near)}"?` }),
    });
  }
}

function locateFindings(findings: readonly Finding[], root: Mapping, positions: Positions): Issue[] {
  return findings.map(({ code = "TEMPLATE_INVALID", path: at, message, hint }) => {
    const steps = toPath(at);
    const position = positions.find(root, steps);
    return {
      code,
      path: formatPath(steps),
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(position === undefined ? {} : { position }),
    };
  });
}

function toPath(at: DocumentPath | string): DocumentPath {
  return typeof at === "string" ? parsePath(at) : at;
}

function valueAt(root: unknown, at: DocumentPath): unknown {
  return at.reduce<unknown>((value, key) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string | number, unknown>)[key];
  }, root);
}

/** Relative to the working directory where that is below it: shorter, and the same on every machine. */
function shownPath(host: TemplateHost, file: string): string {
  const relative = path.relative(host.environment.workingDirectory, file);
  return relative.startsWith("..") ? file : relative;
}

import path from "node:path";
import { ComposerError, isComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import templateSchema from "../../../schema/os-image-template.schema.json" with { type: "json" };
import {
  type Issue,
  IssuesError,
  type JsonSchema,
  Positions,
  checkSchema,
  firstIssues,
  parseSource,
  readText,
} from "../document/index.ts";
import { checkLayer, checkTemplate } from "../template/checks/check-template.ts";
import { locateFindings } from "../template/locate-findings.ts";
import type { ImageTemplate } from "../template/schema/index.ts";
import { readBuildSpecification } from "./build-specification/read-build-specification.ts";
import { escapeReferences } from "./escape-references.ts";
import { FORMAT_WORDS, type ForeignFormat, foreignFormatOf } from "./foreign-format.ts";
import { type ImportNote, NoteList } from "./import-note.ts";
import type { ImportOptions, ImportOutcome } from "./import-source.ts";
import { readImageConfig } from "./imageconfig/read-imageconfig.ts";
import { nodeOfDocument } from "./node-of-document.ts";
import { parseJson } from "./parse-json.ts";
import type { SourceNode, Spot } from "./source-node.ts";

type ImportHost = Pick<Host, "files" | "environment">;

/** What a foreign document became. */
export interface ImportedDocument {
  readonly format: ForeignFormat;
  /** Absent when there are issues. Its containers have their places in the foreign document. */
  readonly template?: ImageTemplate;
  readonly issues: readonly Issue[];
  /** What is not carried over as it is, in the order of the file. */
  readonly notes: readonly ImportNote[];
  /** The texts for code frames, secrets masked, by the file names of positions. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface ImportedTemplate extends ImportedDocument {
  readonly template: ImageTemplate;
  readonly positions: Positions;
}

/**
 * Reads an Azure Linux imageconfig or an older build specification as a template.
 *
 * @param file as the user wrote it; messages show it like that
 * @param positions receives where each value of the template comes from
 * @returns undefined when the file is neither
 * @throws {TEMPLATE_NOT_FOUND}
 * @throws {TEMPLATE_SYNTAX} the file is too large, or no text
 */
export async function importedDocument(
  host: ImportHost,
  file: string,
  positions: Positions,
  options: ImportOptions = {},
): Promise<ImportedDocument | undefined> {
  const { workingDirectory } = host.environment;
  const absolute = path.resolve(workingDirectory, file);
  const parsed = parseForeign(await readSource(host, absolute, file), file);
  if (parsed === undefined) return undefined;
  const sources = new Map([[file, parsed.text]]);
  const notes = new NoteList();
  const { format, node } = parsed;
  const finish = ({ issues, template }: ImportOutcome): ImportedDocument => ({
    format,
    issues,
    notes: notes.sorted(),
    sources,
    ...(template === undefined || issues.length > 0 ? {} : { template: escapeReferences(template, positions) }),
  });
  if (node === undefined || parsed.issues.length > 0) return finish({ issues: parsed.issues });

  const baseDir = path.resolve(workingDirectory, options.baseDir ?? path.dirname(absolute));
  const templateDir = path.resolve(workingDirectory, options.templateDir ?? path.dirname(absolute));
  const resolve = (name: string): string => path.resolve(baseDir, name);
  const named: { readonly file: string; readonly spot: Spot }[] = [];
  const source = {
    node,
    file,
    files: host.files,
    baseDir,
    options,
    positions,
    notes,
    silentNotes: new NoteList(),
    sources,
    resolve,
    shownFile: (name: string) => shownPath(workingDirectory, name),
    localPath: (name: string, spot: Spot) => {
      named.push({ file: resolve(name), spot });
      return path.relative(templateDir, resolve(name));
    },
  };
  const outcome = await (format === "imageconfig" ? readImageConfig(source) : readBuildSpecification(source));
  for (const { file: name, spot } of named) {
    // A name that no file can have is none that is there.
    if (await host.files.exists(name).catch(() => false)) continue;
    const message = "the file will be there when the image is built; now it is not";
    notes.add("assumed", spot, message, "Paths are relative to the imported file; --base-dir names another directory");
  }
  if (outcome.template !== undefined) positions.recordRoot(outcome.template, { ...node.span, length: 1 });
  return finish(outcome);
}

/**
 * Imports a file and checks the template that comes of it, as far as that needs no other file.
 *
 * @throws {TEMPLATE_INVALID} with every issue in its details; TEMPLATE_SYNTAX and TEMPLATE_NOT_FOUND likewise
 */
export async function importTemplate(
  host: ImportHost,
  file: string,
  options: ImportOptions = {},
): Promise<ImportedTemplate> {
  const positions = new Positions();
  const imported = await importedDocument(host, file, positions, options);
  if (imported === undefined) {
    throw new ComposerError(
      "TEMPLATE_INVALID",
      `Cannot import "${file}": it is no imageconfig and no build specification`,
      {
        hint: 'The one has a key "SystemConfigs", the other "image.base" or "customizations"; a template needs no import',
      },
    );
  }
  const { template, sources } = imported;
  const what = `${FORMAT_WORDS[imported.format]} "${file}"`;
  if (template === undefined) throw new IssuesError(what, imported.issues, sources);
  const issues = firstIssues(
    file,
    checkSchema(template, templateSchema as JsonSchema, "TEMPLATE_INVALID", positions),
    locateFindings([...checkLayer(template), ...checkTemplate(template)], template, positions),
  );
  const errors = issues.filter(({ severity }) => severity !== "warning");
  if (errors.length > 0) throw new IssuesError(what, errors, sources);
  return { ...imported, template, positions };
}

interface ParsedForeign {
  readonly format: ForeignFormat;
  readonly node?: SourceNode;
  readonly issues: readonly Issue[];
  readonly text: string;
}

function parseForeign(text: string, file: string): ParsedForeign | undefined {
  if (/^\s*\{/.test(text)) {
    const parsed = parseJson(text, file);
    const format = parsed.node === undefined ? undefined : foreignFormatOf(keysOf(parsed.node));
    if (format === "imageconfig" && parsed.node !== undefined)
      return { format, node: parsed.node, issues: [], text: parsed.text };
    if (parsed.fault !== undefined && /"(SystemConfigs|Disks)"\s*:/i.test(text)) {
      const { message, hint, span } = parsed.fault;
      const issue: Issue = { code: "TEMPLATE_SYNTAX", path: "", message, position: span };
      return { format: "imageconfig", issues: [hint === undefined ? issue : { ...issue, hint }], text: parsed.text };
    }
  }
  const positions = new Positions();
  const document = parseSource(text, file, "TEMPLATE_SYNTAX", positions);
  const format = foreignFormatOf(document.value);
  if (format !== "build-specification") return undefined;
  const node = nodeOfDocument(document.value, positions, file);
  return { format, node, issues: document.issues, text: document.text };
}

/** The keys of a mapping and of its `image`, which is all that tells documents apart. */
function keysOf(node: SourceNode): unknown {
  if (node.kind !== "mapping") return undefined;
  return Object.fromEntries(node.entries.map(({ key, node: value }) => [key, key === "image" ? keysOf(value) : true]));
}

async function readSource({ files }: ImportHost, absolute: string, file: string): Promise<string> {
  try {
    return await readText(files, absolute, absolute, "TEMPLATE_SYNTAX");
  } catch (error) {
    if (!isComposerError(error)) throw error;
    if (error.code !== "HOST_FILE_UNREADABLE")
      throw new ComposerError(error.code, error.message.replace(absolute, file));
    const state = (await files.exists(absolute)) ? "it cannot be read" : "it does not exist";
    throw new ComposerError("TEMPLATE_NOT_FOUND", `Cannot read "${file}": ${state}`, { cause: error });
  }
}

/** Relative to the working directory where that is below it. */
function shownPath(workingDirectory: string, file: string): string {
  const relative = path.relative(workingDirectory, file);
  return relative.startsWith("..") ? file : relative;
}

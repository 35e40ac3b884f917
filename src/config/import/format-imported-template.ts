import { Document, type Pair, Scalar, isMap, isScalar, isSeq } from "yaml";
import type { Positions } from "../document/index.ts";
import type { ImageTemplate } from "../template/schema/index.ts";

export interface FormatOptions {
  /** Comment lines for the head of the file. */
  readonly head: readonly string[];
  /** The schema, for editors, as they shall find it. */
  readonly schema: string;
  /** Tells which file each package was listed in. */
  readonly positions?: Positions;
}

/** A template as YAML in the form of the shipped ones. */
export function formatImportedTemplate(template: ImageTemplate, { head, schema, positions }: FormatOptions): string {
  const document = new Document(inOrder(template), { aliasDuplicateObjects: false });
  const { contents } = document;
  if (isMap(contents)) {
    for (const [index, pair] of contents.items.entries()) if (index > 0) leaveSpace(pair);
  }
  const version = document.getIn(["image", "version"], true);
  if (isScalar(version)) version.type = Scalar.QUOTE_DOUBLE;
  if (positions !== undefined) nameOrigins(document, template, positions);
  const comments = [`yaml-language-server: $schema=${schema}`, "", ...head];
  const lines = comments.map((line) => (line === "" ? "#" : `# ${oneLine(line)}`));
  return `${lines.join("\n")}\n${document.toString({ lineWidth: 0 })}`;
}

/** Variables come first, where a reader looks for what there is to set. */
function inOrder({ metadata, variables, ...sections }: ImageTemplate): ImageTemplate {
  return { ...(metadata && { metadata }), ...(variables && { variables }), ...sections };
}

function leaveSpace({ key }: Pair): void {
  if (isScalar(key)) key.spaceBefore = true;
}

/** Says above the first package of each file which file it is. */
function nameOrigins(document: Document, template: ImageTemplate, positions: Positions): void {
  const packages = template.systemConfig?.packages ?? [];
  const nodes = document.getIn(["systemConfig", "packages"], true);
  if (!isSeq(nodes)) return;
  const files = packages.map((_, index) => positions.placeOf(packages, index)?.value.file);
  if (new Set(files).size < 2) return;
  for (const [index, node] of nodes.items.entries()) {
    const file = files[index];
    if (file !== undefined && file !== files[index - 1] && isScalar(node)) node.commentBefore = ` ${oneLine(file)}`;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
}

import { Document, type Node, isMap, isScalar, isSeq } from "yaml";
import { type DocumentPath, type ImageTemplate, type MergedTemplate, redactTemplate } from "../config/index.ts";
import type { SourcePosition } from "../core/index.ts";

/** A template as YAML, without its secrets. */
export function formatTemplate(template: ImageTemplate): string {
  return write(toDocument(template));
}

/** Likewise, with the place that each value comes from behind it. */
export function formatTemplateWithOrigins({ template, positionOf }: MergedTemplate): string {
  const document = toDocument(template);
  if (document.contents !== null) addOrigins(document.contents, [], positionOf);
  return write(document);
}

function toDocument(template: ImageTemplate): Document {
  return new Document(redactTemplate(template), { aliasDuplicateObjects: false });
}

function write(document: Document): string {
  return document.toString({ lineWidth: 0 });
}

function addOrigins(
  node: Node,
  path: DocumentPath,
  positionOf: (path: DocumentPath) => SourcePosition | undefined,
): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) addOrigins(value as Node, [...path, String(key)], positionOf);
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => addOrigins(item as Node, [...path, index], positionOf));
  } else if (isScalar(node)) {
    const position = positionOf(path);
    // A comment behind a text of several lines would belong to the text.
    if (position === undefined || String(node.value).includes("\n")) return;
    node.comment = ` ${position.file}:${position.line}`;
  }
}

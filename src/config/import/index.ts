/** Foreign descriptions of images as templates: Azure Linux imageconfigs and older build specifications. */
export { FORMAT_WORDS, type ForeignFormat, foreignFormatOf } from "./foreign-format.ts";
export { formatImportedTemplate } from "./format-imported-template.ts";
export { type ImportNote, type ImportNoteKind, formatNotes } from "./import-note.ts";
export type { ImportOptions } from "./import-source.ts";
export { importTemplate } from "./import-lazily.ts";
export type { ImportedDocument, ImportedTemplate } from "./import-template.ts";
export { hidePasswords } from "./hide-passwords.ts";
export { type ParsedJson, parseJson } from "./parse-json.ts";
export type { SourceNode } from "./source-node.ts";

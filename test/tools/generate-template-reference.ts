import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Document, Scalar, visit } from "yaml";
import type { JsonSchema } from "../../src/config/index.ts";

const root = path.join(import.meta.dirname, "../..");

/** Where the reference is, in this repository. */
export const REFERENCE_FILE = "docs/template-reference.md";

/** Limits of all lists are told once. */
const MAX_ITEMS = 2000;
const MAX_ITEM_LENGTH = 4096;

/** A schema with what only readers need. */
export type DocumentedSchema = Omit<JsonSchema, "properties" | "items" | "patternProperties"> & {
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, DocumentedSchema>>;
  readonly patternProperties?: Readonly<Record<string, DocumentedSchema>>;
  readonly items?: DocumentedSchema;
};

/** One field of templates. */
export interface Field {
  /** For example `systemConfig.users[].name`. */
  readonly address: string;
  readonly key: string;
  readonly schema: DocumentedSchema;
  readonly isRequired: boolean;
}

/** Fields that are written side by side: a mapping, or the items of a list of mappings. */
interface Section extends Field {
  readonly fields: readonly Field[];
}

export function readTemplateSchema(): DocumentedSchema {
  const file = path.join(root, "schema/os-image-template.schema.json");
  return JSON.parse(readFileSync(file, "utf8")) as DocumentedSchema;
}

/** Every field that a template may have, each mapping before its own fields. */
export function fieldsOf(schema: DocumentedSchema, parent = ""): Field[] {
  return childrenOf(schema, parent).flatMap((field) => [
    field,
    ...fieldsOf(mappingIn(field.schema) ?? {}, isList(field.schema) ? `${field.address}[]` : field.address),
  ]);
}

/**
 * What a field may hold, for readers: its own first example, or one made of the examples of its parts.
 *
 * @returns undefined when there is none
 */
export function exampleOf(schema: DocumentedSchema): unknown {
  if (schema.examples !== undefined) return schema.examples[0];
  if (isList(schema)) {
    const item = exampleOf(schema.items ?? {});
    return item === undefined ? undefined : [item];
  }
  if (schema.properties === undefined) return schema.type === "object" ? {} : undefined;
  const parts = Object.entries(schema.properties).map(([key, part]) => [key, exampleOf(part)] as const);
  return Object.fromEntries(parts.filter(([, example]) => example !== undefined));
}

/** The reference of all fields as Markdown: exactly what {@link REFERENCE_FILE} holds. */
export function templateReference(schema: DocumentedSchema): string {
  const top = childrenOf(schema, "");
  const sections = top.flatMap(sectionsOf);
  return [
    "# Template reference",
    "",
    "Every field of a template, made from its [schema](../schema/os-image-template.schema.json). How templates are merged,",
    "what variables and package names look like: [templates.md](templates.md). `users[]` stands for each item of the list",
    "`users`. Fields are optional unless they are marked **required**. A field that is not given comes from the templates",
    "that `extends` names, then from the default template of the target, then from what is said here.",
    "",
    `No list has more than ${MAX_ITEMS} items, and none a text of more than ${MAX_ITEM_LENGTH} characters.`,
    "",
    "## Contents",
    "",
    `- [Fields of the template itself](#${anchorOf(TOP_TITLE)}): all of them in short`,
    ...sections.map((section) => contentsLine(section)),
    "",
    `## ${TOP_TITLE}`,
    "",
    ...tableOf(top),
    ...sections.flatMap(renderSection),
    "",
  ].join("\n");
}

const TOP_TITLE = "Fields of the template itself";

function childrenOf(schema: DocumentedSchema, parent: string): Field[] {
  return Object.entries(schema.properties ?? {}).map(([key, child]) => ({
    address: parent === "" ? key : `${parent}.${key}`,
    key,
    schema: child,
    isRequired: schema.required?.includes(key) ?? false,
  }));
}

/** The mapping that a field holds, once or as items of its list. */
function mappingIn(schema: DocumentedSchema): DocumentedSchema | undefined {
  const candidate = isList(schema) ? schema.items : schema;
  return Object.keys(candidate?.properties ?? {}).length === 0 ? undefined : candidate;
}

function isList(schema: DocumentedSchema): boolean {
  return schema.type === "array";
}

function sectionsOf(field: Field): Section[] {
  const mapping = mappingIn(field.schema);
  if (mapping === undefined) return [];
  const address = isList(field.schema) ? `${field.address}[]` : field.address;
  const fields = childrenOf(mapping, address);
  return [{ ...field, address, fields }, ...fields.flatMap(sectionsOf)];
}

function contentsLine({ address, schema }: Section): string {
  const depth = address.split(".").length - 1;
  return `${"  ".repeat(depth)}- [${code(address)}](#${anchorOf(address)}): ${schema.description ?? ""}`;
}

function renderSection(section: Section): string[] {
  const { address, schema, isRequired, fields } = section;
  const level = address.includes(".") ? "###" : "##";
  const kind = isList(schema) ? "A list." : "";
  const words = [`${schema.description ?? ""}.`, kind, isRequired ? "**Required.**" : ""].filter((part) => part !== "");
  return [
    "",
    `${level} ${code(address)}`,
    "",
    words.join(" "),
    "",
    "```yaml",
    yamlOf(snippetOf(section)).toString({ lineWidth: 0 }).trimEnd(),
    "```",
    "",
    ...tableOf(fields),
  ];
}

/** The section's own fields where they stand in a template; parts that have sections of their own are left out. */
function snippetOf({ address, fields }: Section): unknown {
  const own = fields.filter(({ schema }) => mappingIn(schema) === undefined);
  const shown = own.length > 0 ? own : fields;
  const content: unknown = Object.fromEntries(shown.map(({ key, schema }) => [key, exampleOf(schema)]));
  return address.split(".").reduceRight((inner, part) => {
    return part.endsWith("[]") ? { [part.slice(0, -2)]: [inner] } : { [part]: inner };
  }, content);
}

function tableOf(fields: readonly Field[]): string[] {
  return ["| field | what it is | value | example |", "| --- | --- | --- | --- |", ...fields.map(rowOf)];
}

function rowOf({ address, key, schema, isRequired }: Field): string {
  const mapping = mappingIn(schema);
  const inList = isList(schema) ? `${address}[]` : address;
  const example = mapping === undefined ? code(inline({ [key]: exampleOf(schema) })) : `[below](#${anchorOf(inList)})`;
  const fallback = schema.default === undefined ? "" : `; default ${code(inline(schema.default))}`;
  const value = `${isRequired ? "**required**, " : ""}${valueOf(schema)}${fallback}`;
  const cells = [code(address), schema.description ?? "", value, example];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

/** Type and limits in words. */
function valueOf(schema: DocumentedSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(", ");
  switch (schema.type) {
    case "boolean":
      return "`true` or `false`";
    case "integer":
    case "number":
      return `${schema.type === "integer" ? "whole number" : "number"}${rangeOf(schema)}`;
    case "array":
      return mappingIn(schema) === undefined ? `list of ${plural(schema.items ?? {})}` : "list of mappings";
    case "object":
      return schema.properties === undefined ? "mapping of names to texts" : "mapping";
    default:
      return textOf(schema);
  }
}

function textOf({ patternErrorMessage, pattern, minLength, maxLength }: DocumentedSchema): string {
  const form = patternErrorMessage ?? (pattern === undefined ? "text" : `text that matches ${code(pattern)}`);
  const limits = [
    ...(minLength === undefined ? [] : [minLength === 1 ? "not empty" : `at least ${minLength} characters`]),
    ...(maxLength === undefined || maxLength === MAX_ITEM_LENGTH ? [] : [`at most ${maxLength} characters`]),
  ];
  return [form, ...limits].join("; ");
}

function plural(item: DocumentedSchema): string {
  if (item.enum !== undefined) return `any of ${valueOf(item)}`;
  if (item.type !== "string") return `${valueOf(item)}s`;
  const words = textOf(item);
  return words.startsWith("text") ? words.replace(/^text/, "texts") : `texts, each ${words}`;
}

function rangeOf({ minimum, maximum }: DocumentedSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? "" : `, at most ${maximum}`;
}

/** A value as YAML in one line. */
function inline(value: unknown): string {
  const text = yamlOf(value).toString({ collectionStyle: "flow", lineWidth: 0 }).trim();
  return text.replace(/^\{ (.*) \}$/s, "$1");
}

/** Versions are quoted, as people should do it: without a second dot they would be numbers. */
function yamlOf(value: unknown): Document {
  const document = new Document(value);
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === "string" && /^[\d.]+$/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document;
}

function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** The anchor that Markdown viewers make of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");
}

if (import.meta.main) {
  writeFileSync(path.join(root, REFERENCE_FILE), templateReference(readTemplateSchema()));
}

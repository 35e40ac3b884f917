import { compareCodeUnits } from "../core/index.ts";
import { spdxLicenceOf } from "./spdx-licence-id.ts";

/** Beyond this a file is no list of licences that anyone reads. */
const MAX_TEXT_LENGTH = 16 * 1024 * 1024;
const MAX_NAME_LENGTH = 80;

/** An expression of short names; `all` binds tighter than `any` in text. */
type Expression =
  | { readonly kind: "licence"; readonly id: string }
  | { readonly kind: "all" | "any"; readonly members: readonly Expression[] };

/**
 * The SPDX licence expression of a machine-readable copyright file: what all its Files paragraphs say, joined by AND.
 *
 * @returns undefined when the file is free text, or a Files paragraph gives no short name
 * @see https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
 */
export function licencesFromCopyright(text: string): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const [header, ...paragraphs] = paragraphsOf(text);
  if (
    header === undefined ||
    !/copyright-format|dep-?5/i.test(header.get("format") ?? header.get("format-specification") ?? "")
  ) {
    return undefined;
  }
  // The header's own licence counts only where no paragraph says more.
  const stating = paragraphs.filter((paragraph) => paragraph.has("files"));
  const expressions: Expression[] = [];
  for (const paragraph of stating.length === 0 ? [header] : stating) {
    const expression = parseNames(firstLine(paragraph.get("license")));
    if (expression === undefined) return undefined;
    expressions.push(expression);
  }
  return format(simplify({ kind: "all", members: expressions }));
}

/** The fields of each paragraph, by lower-case name, with their continuation lines. */
function paragraphsOf(text: string): Map<string, string>[] {
  const paragraphs: Map<string, string>[] = [];
  let fields: Map<string, string> | undefined;
  let current: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "") {
      fields = current = undefined;
      continue;
    }
    if (line.startsWith("#")) continue;
    const start = /^([!-,./-9;-~][!-9;-~]*):(.*)$/.exec(line);
    if (start !== null) {
      if (fields === undefined) paragraphs.push((fields = new Map<string, string>()));
      current = (start[1] ?? "").toLowerCase();
      fields.set(current, (start[2] ?? "").trim());
    } else if (fields !== undefined && current !== undefined) {
      fields.set(current, `${fields.get(current) ?? ""}\n${line}`);
    }
  }
  return paragraphs;
}

function firstLine(value: string | undefined): string {
  return (value ?? "").split("\n", 1)[0]?.trim() ?? "";
}

/**
 * `A or B and C` reads as `A or (B and C)`; a comma before the word ends what was said so far: `A or B, and C` reads as
 * `(A or B) and C`.
 */
function parseNames(text: string): Expression | undefined {
  if (text === "") return undefined;
  const [first = "", ...rest] = text
    .replace(/\band\/or\b/gi, "or")
    .replace(/\s*\|\s*/g, " or ")
    .split(/\s*,\s*(?:(and|or)\s+)?/i);
  let expression = parseAny(first);
  for (let index = 0; index < rest.length; index += 2) {
    const [word, part] = [rest[index], rest[index + 1] ?? ""];
    const right = parseAny(part);
    if (expression === undefined || right === undefined) return undefined;
    expression = { kind: word?.toLowerCase() === "or" ? "any" : "all", members: [expression, right] };
  }
  return expression;
}

function parseAny(text: string): Expression | undefined {
  return joined("any", text.split(/\s+or\s+/i), parseAll);
}

function parseAll(text: string): Expression | undefined {
  return joined("all", text.split(/\s+and\s+/i), parseName);
}

function joined(
  kind: "all" | "any",
  parts: readonly string[],
  parse: (text: string) => Expression | undefined,
): Expression | undefined {
  const members: Expression[] = [];
  for (const part of parts) {
    const member = parse(part);
    if (member === undefined) return undefined;
    members.push(member);
  }
  return { kind, members };
}

/** A short name has no spaces but around "with"; more words than that are the beginning of a licence's text. */
function parseName(text: string): Expression | undefined {
  const name = text.trim().replace(/^\(|\)$/g, "");
  const [licence = ""] = name.split(/\s+with\s+/i);
  if (!/[A-Za-z0-9]/.test(name) || /\s/.test(licence) || name.length > MAX_NAME_LENGTH) return undefined;
  return { kind: "licence", id: spdxLicenceOf(name, "Debian") };
}

/** Merges nested lists of one kind, drops repetitions and orders the members. */
function simplify(expression: Expression): Expression {
  if (expression.kind === "licence") return expression;
  const { kind } = expression;
  const unique = new Map<string, Expression>();
  for (const member of expression.members.map(simplify)) {
    for (const part of member.kind === kind ? member.members : [member]) unique.set(format(part), part);
  }
  const members = [...unique].sort(([a], [b]) => compareCodeUnits(a, b)).map(([, member]) => member);
  const [only] = members;
  return members.length === 1 && only !== undefined ? only : { kind, members };
}

function format(expression: Expression): string {
  if (expression.kind === "licence") return expression.id;
  return expression.members
    .map((member) => (member.kind === "licence" ? format(member) : `(${format(member)})`))
    .join(expression.kind === "all" ? " AND " : " OR ");
}

import { type Mapping, type Place, type Positions, entryOf, isList, isMapping } from "../document/index.ts";
import type { ImageTemplate } from "../template/schema/index.ts";

/** A variable whose value is the beginning of a variable: the one way to write that into a template. */
const VARIABLE = "DOLLAR_BRACE";
const BEGINNING = "${";

/** The template with every `${` of the imported file written so that it stays what it is. */
export function escapeReferences(template: ImageTemplate, positions: Positions): ImageTemplate {
  let isUsed = false;
  const visit = (value: unknown, key?: string | number): unknown => {
    // These are our own.
    if (key === "variables" || key === "passphraseFile") return value;
    if (typeof value === "string" && value.includes(BEGINNING)) {
      isUsed = true;
      return value.replaceAll(BEGINNING, () => `${BEGINNING}${VARIABLE}}`);
    }
    if (isList(value)) {
      const list = value.map((item) => visit(item));
      for (const index of list.keys()) positions.record(list, index, positions.placeOf(value, index));
      return list;
    }
    if (!isMapping(value)) return value;
    const mapping: Mapping = Object.fromEntries(
      Object.keys(value).map((key) => [key, visit(entryOf(value, key), key)]),
    );
    for (const key of Object.keys(value)) positions.record(mapping, key, positions.placeOf(value, key));
    positions.recordRoot(mapping, positions.rootOf(value));
    return mapping;
  };
  const escaped = visit(template) as ImageTemplate;
  if (!isUsed) return template;
  const place: Place | undefined = positions.placeOf(template, "image");
  const variables = { ...escaped.variables, [VARIABLE]: BEGINNING };
  const root = { ...escaped, variables };
  for (const name of Object.keys(variables)) positions.record(variables, name, place);
  for (const key of Object.keys(root)) positions.record(root, key, positions.placeOf(escaped, key) ?? place);
  positions.recordRoot(root, positions.rootOf(template));
  return root;
}

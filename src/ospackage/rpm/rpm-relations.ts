import { readCapability } from "./rpm-capability.ts";
import { parseRichDependency, RichDependencyError, type RpmRelation } from "./rich-dependency.ts";

/** The entries of a relation field of {@link RpmPackage}. */
export function parseRpmRelations(field: string): readonly RpmRelation[] {
  return field === "" ? [] : field.split("\t").map(parseRpmRelation);
}

export function parseRpmRelation(text: string): RpmRelation {
  if (!text.startsWith("(")) {
    return readCapability(text) ?? { kind: "malformed", text, state: "it is no capability" };
  }
  try {
    return parseRichDependency(text);
  } catch (error) {
    if (!(error instanceof RichDependencyError)) throw error;
    return { kind: "malformed", text, state: error.message };
  }
}

import { ComposerError } from "../../core/index.ts";
import type { DebOperator } from "./compare-deb-versions.ts";

/** A package that a relation names; `operator` and `version` come together. */
export interface DebRelation {
  readonly name: string;
  /** `any`, `native` or an architecture, after a colon. */
  readonly archQualifier: string | undefined;
  readonly operator: DebOperator | undefined;
  readonly version: string | undefined;
}

export interface DebProvision {
  readonly name: string;
  /** Undefined: it satisfies only relations without a version. */
  readonly version: string | undefined;
}

// Restrictions to architectures and build profiles have no meaning for binary packages: the index is already for one.
// Runs of white space are single blanks here: several stars of it side by side would take forever on hostile text.
const RELATION =
  /^([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))? ?(?:\( ?(<<|<=|=|>=|>>|<|>) ?([a-z0-9.+:~-]+) ?\))? ?(?:\[[^\][]*\] ?)?(?:<[^<>]*> ?)*$/i;

/** The older spellings `<` and `>` include equality. */
const OPERATORS: Readonly<Record<string, DebOperator>> = {
  "<<": "<<",
  "<=": "<=",
  "<": "<=",
  "=": "=",
  ">=": ">=",
  ">": ">=",
  ">>": ">>",
};

/**
 * A relation field as a conjunction of alternatives: `a, b | c` is `[[a], [b, c]]`; empty text is `[]`.
 *
 * @throws {PACKAGE_FORMAT_INVALID} naming the relation that is none
 * @see deb-control(5), "Depends"; Debian policy, section 7.1
 */
export function parseRelations(text: string): readonly (readonly DebRelation[])[] {
  const conjunction: DebRelation[][] = [];
  for (const group of text.split(",")) {
    if (group.trim() === "") continue;
    conjunction.push(group.split("|").map((relation) => parseRelation(relation.trim().replace(/\s+/g, " "))));
  }
  return conjunction;
}

/**
 * What a Provides field promises.
 *
 * @throws {PACKAGE_FORMAT_INVALID} an item is no name, or has alternatives or another operator than `=`
 * @see Debian policy, section 7.5
 */
export function parseProvides(text: string): readonly DebProvision[] {
  return parseRelations(text).map((alternatives) => {
    const [{ name, operator, version } = { name: "", operator: undefined, version: undefined }] = alternatives;
    if (alternatives.length !== 1 || (operator !== undefined && operator !== "=")) {
      throw new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read the provided packages "${shorten(text)}"`);
    }
    return { name, version };
  });
}

function parseRelation(text: string): DebRelation {
  const match = RELATION.exec(text);
  if (match === null) {
    throw new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read the relation "${shorten(text)}"`, {
      hint: 'Relations read "name", "name:any" or "name (>= version)"',
    });
  }
  const [, name = "", archQualifier, operator, version] = match;
  return { name, archQualifier, operator: operator === undefined ? undefined : OPERATORS[operator], version };
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

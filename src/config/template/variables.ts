import { type ErrorCode, nearestOf } from "../../core/index.ts";
import {
  type DocumentPath,
  type Issue,
  type Mapping,
  type Place,
  type Positions,
  formatPath,
  isList,
  isMapping,
} from "../document/index.ts";

const REFERENCE = /\$\{([^}]*)\}?/g;

export interface Substitution {
  readonly value: unknown;
  readonly issues: readonly Issue[];
}

/**
 * Replaces `${NAME}` in texts by the environment variable NAME, or by the default that `variables:` gives.
 *
 * One rule: `${` begins the name of a listed variable, everything else stays as it is; what a variable brings in is
 * not looked at again. A set but empty variable is empty; a list item that becomes empty is left out. Not touched: `variables` itself, `metadata`, and `cmd` of
 * `configurations`, where `${NAME}` is the shell's.
 */
export function substituteVariables(
  root: Mapping,
  environment: Readonly<Record<string, string | undefined>>,
  positions: Positions,
): Substitution {
  const defaults = isMapping(root["variables"]) ? root["variables"] : {};
  const issues: Issue[] = [];

  const expand = (text: string, path: DocumentPath, place: Place | undefined): string => {
    return text.replaceAll(REFERENCE, (reference: string, name: string) => {
      const fallback = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
      if (reference.endsWith("}") && typeof fallback === "string") return environment[name] ?? fallback;
      issues.push(unlisted(reference, name, Object.keys(defaults), path, place));
      return reference;
    });
  };

  const visit = (value: unknown, path: DocumentPath, place: Place | undefined): unknown => {
    if (isUntouched(path)) return value;
    if (typeof value === "string") return value.includes("${") ? expand(value, path, place) : value;
    if (isList(value)) {
      const list: unknown[] = [];
      for (const [index, item] of value.entries()) {
        const place = positions.placeOf(value, index);
        const expanded = visit(item, [...path, index], place);
        if (expanded === "" && (item !== "" || path.at(-1) === "sshAuthorizedKeys")) continue;
        positions.record(list, list.push(expanded) - 1, place);
      }
      return list;
    }
    if (!isMapping(value)) return value;
    const keys = Object.keys(value);
    const entries = keys.map((key) => [key, visit(value[key], [...path, key], positions.placeOf(value, key))] as const);
    const mapping: Mapping = Object.fromEntries(entries);
    for (const key of keys) positions.record(mapping, key, positions.placeOf(value, key));
    return mapping;
  };

  const value = visit(root, [], undefined);
  if (isMapping(value)) positions.recordRoot(value, positions.rootOf(root));
  return { value, issues };
}

function isUntouched(path: DocumentPath): boolean {
  const [first, second] = path;
  if (path.length === 1) return first === "variables" || first === "metadata";
  return first === "systemConfig" && second === "configurations" && path[3] === "cmd";
}

function unlisted(
  reference: string,
  name: string,
  listed: readonly string[],
  path: DocumentPath,
  place: Place | undefined,
): Issue {
  const code: ErrorCode = "TEMPLATE_INVALID";
  const isName = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && reference.endsWith("}");
  const near = isName ? nearestOf(name, listed) : undefined;
  return {
    code,
    path: formatPath(path),
    message: isName ? `variable "${name}" is not listed under "variables"` : `"\${" begins no name of a variable`,
    ...(near === undefined ? {} : { didYouMean: near }),
    ...(near === undefined ? { hint: isName ? `List it: variables: { ${name}: "default" }` : "Write ${NAME}" } : {}),
    ...(place === undefined ? {} : { position: place.value }),
  };
}

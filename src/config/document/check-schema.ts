import { type ErrorCode, nearestOf } from "../../core/index.ts";
import { type DocumentPath, formatPath } from "./document-path.ts";
import { withVisibleCharacters } from "./hidden-characters.ts";
import type { Issue } from "./issue.ts";
import type { JsonSchema } from "./json-schema.ts";
import { isSecretKey } from "./parse-document.ts";
import { type Mapping, type Place, type Positions, isList, isMapping } from "./positions.ts";

const MAX_ISSUES = 1000;

interface Visit {
  readonly value: unknown;
  readonly schema: JsonSchema;
  readonly path: DocumentPath;
  readonly place: Place | undefined;
}

/**
 * Compares a document with a schema and returns every difference, in the words of people who write YAML.
 *
 * A walker of our own: a schema compiler costs half of the time that `validate` may take, and knows neither where a
 * value was written nor that somebody forgot quotes. A property test compares its verdicts with ajv's.
 */
export function checkSchema(root: unknown, schema: JsonSchema, code: ErrorCode, positions: Positions): Issue[] {
  const issues: Issue[] = [];

  const report = (visit: Visit, message: string, more: Partial<Issue> = {}): void => {
    if (issues.length >= MAX_ISSUES) return;
    const position = visit.place?.value;
    issues.push({
      code,
      path: formatPath(visit.path),
      message,
      ...(position === undefined ? {} : { position }),
      ...more,
    });
  };

  const checkValue = (visit: Visit): void => {
    const { value, schema } = visit;
    if (!hasType(value, schema)) {
      const { message, hint } = wrongType(visit);
      report(visit, message, { expected: expectedOf(schema), ...(hint === undefined ? {} : { hint }) });
    } else if (typeof value === "string") checkText(visit, value);
    else if (typeof value === "number") checkNumber(visit, value);
    else if (isList(value)) checkList(visit, value);
    else if (isMapping(value)) checkMapping(visit, value);
  };

  const checkText = (visit: Visit, value: string): void => {
    const { schema } = visit;
    if (schema.enum !== undefined) {
      if (schema.enum.includes(value)) return;
      const near = nearestOf(value, schema.enum.map(String)) ?? sameIgnoringCase(value, schema.enum.map(String));
      const didYouMean = near === undefined ? {} : { didYouMean: near };
      report(visit, `unknown value ${shown(visit)}`, { expected: expectedOf(schema), ...didYouMean });
      return;
    }
    if (schema.minLength !== undefined && value.length < schema.minLength) {
      report(visit, "must not be empty", { expected: expectedOf(schema) });
    } else if (schema.maxLength !== undefined && [...value].length > schema.maxLength) {
      report(visit, `longer than ${schema.maxLength} characters`);
    } else if (schema.pattern !== undefined && !patternOf(schema.pattern).test(value)) {
      report(visit, `invalid value ${shown(visit)}`, { expected: expectedOf(schema) });
    }
  };

  const checkNumber = (visit: Visit, value: number): void => {
    const { minimum = -Infinity, maximum = Infinity } = visit.schema;
    if (value < minimum || value > maximum) {
      report(visit, `${shown(visit)} is out of range`, { expected: expectedOf(visit.schema) });
    }
  };

  const checkList = (visit: Visit, value: readonly unknown[]): void => {
    const { schema, path } = visit;
    if (schema.minItems !== undefined && value.length < schema.minItems) {
      report(visit, "the list has too few items", { expected: `at least ${schema.minItems}` });
    }
    if (schema.maxItems !== undefined && value.length > schema.maxItems) {
      report(visit, `the list has ${value.length} items`, { expected: `at most ${schema.maxItems}` });
      return;
    }
    const { items } = schema;
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      checkValue({ value: item, schema: items, path: [...path, index], place: positions.placeOf(value, index) });
    }
  };

  const checkMapping = (visit: Visit, value: Mapping): void => {
    const { schema, path } = visit;
    const meant = new Set<string>();
    for (const key of Object.keys(value)) {
      const place = positions.placeOf(value, key);
      const entry = { value: value[key], path: [...path, key], place };
      const known = schemaOfKey(schema, key);
      if (known !== undefined) checkValue({ ...entry, schema: known });
      else if (schema.additionalProperties === false) {
        const position = place?.key === undefined ? {} : { position: place.key };
        const suggestion = suggestKey(schema, key, value);
        if (suggestion.didYouMean !== undefined) meant.add(suggestion.didYouMean);
        report({ ...entry, schema }, unknownKey(key, path), { ...suggestion, ...position });
      }
    }
    for (const key of schema.required ?? []) {
      // A misspelt key is one mistake, not two.
      if (Object.hasOwn(value, key) || meant.has(key)) continue;
      const where = path.length === 0 ? "" : ` in "${formatPath(path)}"`;
      const missing = schema.properties?.[key];
      const position = path.length === 0 ? positions.rootOf(value) : (visit.place?.key ?? visit.place?.value);
      report({ ...visit, path: [...path, key] }, `missing key "${key}"${where}`, {
        ...(missing === undefined || missing.type === "object" ? {} : { expected: expectedOf(missing) }),
        ...(position === undefined ? {} : { position }),
      });
    }
  };

  const span = isMapping(root) || isList(root) ? positions.rootOf(root) : undefined;
  checkValue({ value: root, schema, path: [], place: span === undefined ? undefined : { value: span } });
  return issues;
}

function schemaOfKey(schema: JsonSchema, key: string): JsonSchema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  const pattern = Object.keys(schema.patternProperties ?? {}).find((candidate) => patternOf(candidate).test(key));
  return pattern === undefined ? undefined : schema.patternProperties?.[pattern];
}

function unknownKey(key: string, path: DocumentPath): string {
  return `unknown key ${quoted(key)}${path.length === 0 ? "" : ` in "${formatPath(path)}"`}`;
}

function suggestKey(schema: JsonSchema, key: string, siblings: Mapping): Partial<Issue> {
  const keys = Object.keys(schema.properties ?? {});
  const free = keys.filter((candidate) => !Object.hasOwn(siblings, candidate));
  const near = key.length > 60 ? undefined : (sameIgnoringCase(key, keys) ?? nearestOf(key, free));
  if (near !== undefined) return { didYouMean: near };
  return keys.length === 0 || keys.length > 16 ? {} : { expected: `one of ${keys.join(", ")}` };
}

/** Also matches another spelling of the same words: `host_name` and `hostName` for `hostname`. */
function sameIgnoringCase(word: string, candidates: readonly string[]): string | undefined {
  const bare = (text: string): string => text.replaceAll(/[_-]/g, "").toLowerCase();
  return candidates.find((candidate) => bare(candidate) === bare(word));
}

function hasType(value: unknown, schema: JsonSchema): boolean {
  switch (schema.type) {
    case "object":
      return isMapping(value);
    case "array":
      return isList(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string";
    default:
      return schema.enum === undefined || typeof value === "string";
  }
}

/** What is there instead, and the usual reason. */
function wrongType({ value, schema, path, place }: Visit): { message: string; hint?: string } {
  const wantsText = schema.type === "string" || schema.enum !== undefined;
  const written = place?.written ?? String(value);
  const secret = isSecretPath(path);
  if (value === null)
    return { message: path.length === 0 ? "the file is empty" : "has no value", ...hintForNull(place) };
  if (typeof value === "number" || typeof value === "boolean") {
    const kind = typeof value === "number" ? "number" : "truth value";
    const message = secret ? `found a ${kind}` : `found the ${kind} ${written}`;
    if (!wantsText) return { message };
    return { message, hint: secret ? "Quote it" : quoteHint(written, value) };
  }
  if (typeof value === "string") {
    const shownText = secret ? "a text" : `the text ${quoted(value)}`;
    const bare = value.trim();
    if (schema.type === "boolean" && /^(yes|on|y)$/i.test(bare)) {
      return { message: `found ${shownText}`, hint: `YAML 1.2 reads ${bare} as a text; write true` };
    }
    if (schema.type === "boolean" && /^(no|off|n)$/i.test(bare)) {
      return { message: `found ${shownText}`, hint: `YAML 1.2 reads ${bare} as a text; write false` };
    }
    if (schema.type === "boolean" && /^(true|false)$/i.test(bare)) {
      return { message: `found ${shownText}`, hint: "Remove the quotes" };
    }
    if ((schema.type === "integer" || schema.type === "number") && /^-?\d+$/.test(bare)) {
      return { message: `found ${shownText}`, hint: "Remove the quotes" };
    }
    if (schema.type === "array")
      return { message: `found ${shownText}`, hint: 'Write each item on a line of its own after "- "' };
    if (schema.type === "object" && /^[\w-]+:\S/.test(value)) {
      return { message: `found ${shownText}`, hint: "Put a space after the colon" };
    }
    return { message: `found ${shownText}` };
  }
  if (isList(value)) {
    return { message: "found a list", ...(wantsText ? { hint: "Quote a text that begins with [" } : {}) };
  }
  if (wantsText) return { message: "found a mapping", hint: 'Quote a text that has ": " in it or begins with {' };
  if (schema.type === "array") return { message: "found a mapping", hint: 'Begin each item of the list with "- "' };
  return { message: "found a mapping" };
}

/** Says what YAML makes of the characters where it is something else. */
function quoteHint(written: string, value: number | boolean): string {
  if (typeof value === "boolean") return `YAML reads ${written} as a truth value; quote it: "${written}"`;
  const meaning = written === String(value) ? "a number" : `the number ${value}`;
  const octal = /^0o([0-7]+)$/.exec(written)?.[1];
  return `YAML reads ${written} as ${meaning}; quote it: "${octal === undefined ? written : `0${octal}`}"`;
}

function hintForNull(place: Place | undefined): { hint?: string } {
  const written = place?.written ?? "";
  if (written === "") return {};
  if (written === "#") return { hint: "A # after a space begins a comment; quote a text that begins with #" };
  return { hint: `YAML reads ${written} as no value; quote a text: "${written}"` };
}

/** What a schema asks for, in words. */
function expectedOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) {
    const values = schema.enum.map(String);
    return values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`;
  }
  switch (schema.type) {
    case "object":
      return "a mapping of keys to values";
    case "array":
      return "a list";
    case "integer":
    case "number":
      return rangeOf(schema);
    case "boolean":
      return "true or false";
    default:
      if (schema.patternErrorMessage !== undefined) return schema.patternErrorMessage;
      return schema.pattern === undefined ? "a text" : `a text that matches ${schema.pattern}`;
  }
}

function rangeOf({ type, minimum, maximum }: JsonSchema): string {
  const kind = type === "integer" ? "a whole number" : "a number";
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${kind}, at least ${minimum}`;
  return maximum === undefined ? kind : `${kind}, at most ${maximum}`;
}

function shown({ value, path }: Visit): string {
  if (isSecretPath(path)) return "(not shown)";
  return typeof value === "string" ? quoted(value) : String(value);
}

function isSecretPath(path: DocumentPath): boolean {
  return path.some((part) => typeof part === "string" && isSecretKey(part));
}

function quoted(text: string): string {
  return withVisibleCharacters(JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text));
}

const patterns = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  let pattern = patterns.get(source);
  if (pattern === undefined) patterns.set(source, (pattern = new RegExp(source, "u")));
  return pattern;
}

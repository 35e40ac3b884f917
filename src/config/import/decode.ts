import { nearestOf } from "../../core/index.ts";
import { type Issue, formatPath } from "../document/index.ts";
import type { NoteList } from "./import-note.ts";
import type { SourceNode, Spot } from "./source-node.ts";

/** A decoded value and where it was written. */
export interface Field<T> {
  readonly value: T;
  readonly spot: Spot;
}

export interface DecodeContext {
  readonly issues: Issue[];
  readonly notes: NoteList;
  /** Keys match whatever their case is, as in Go's `encoding/json`. */
  readonly foldsCase: boolean;
}

/** Reads a node as one kind of value; undefined after reporting that it is another. */
export type Decoder<T> = (spot: Spot, context: DecodeContext) => T | undefined;

type DecodedBy<D> = D extends Decoder<infer T> ? T : never;

/** What {@link shape} makes of a mapping: the fields that are there. */
export type Decoded<D> = DecodedBy<D>;

const MAX_ISSUES = 1000;
const MAX_NUMBER = 18446744073709551615n;

export function reportIssue(issues: Issue[], spot: Spot, message: string, more: Partial<Issue> = {}): void {
  if (issues.length >= MAX_ISSUES) return;
  issues.push({
    code: "TEMPLATE_INVALID",
    path: formatPath(spot.path),
    message,
    position: spot.node.span,
    ...more,
  });
}

export const text: Decoder<string> = (spot, context) => {
  const { node } = spot;
  if (node.kind !== "text") return wrongKind(spot, context, "a text");
  return isPlain(node.text, spot, context) ? node.text : undefined;
};

function isPlain(text: string, spot: Spot, { issues }: DecodeContext): boolean {
  const control = CONTROL_CHARACTER.exec(text);
  if (control === null) return true;
  const codePoint = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  reportIssue(issues, spot, `control character U+${codePoint} in a text`);
  return false;
}

const CONTROL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** A text; a number counts as the text that it was written as. */
export const textOrNumber: Decoder<string> = (spot, context) =>
  spot.node.kind === "number" ? spot.node.written : text(spot, context);

/** An unsigned number of 64 bits, as a number: what loses digits is refused. */
export const wholeNumber: Decoder<number> = (spot, context) => {
  const { node } = spot;
  const expected = "a whole number, 0 or more";
  if (node.kind !== "number") return wrongKind(spot, context, expected);
  if (!/^\d+$/.test(node.written)) {
    reportIssue(context.issues, spot, `found ${node.written.slice(0, 30)}`, { expected });
    return undefined;
  }
  const isTooLarge = node.written.length > 20 || BigInt(node.written) > MAX_NUMBER;
  if (isTooLarge || !Number.isSafeInteger(Number(node.written))) {
    reportIssue(context.issues, spot, "is larger than anything that it can count");
    return undefined;
  }
  return Number(node.written);
};

/** A number of 64 bits with a sign. */
export const signedNumber: Decoder<number> = (spot, context) => {
  const { node } = spot;
  const expected = "a whole number";
  if (node.kind !== "number") return wrongKind(spot, context, expected);
  if (/^-?\d{1,15}$/.test(node.written)) return Number(node.written);
  reportIssue(context.issues, spot, `found ${node.written.slice(0, 30)}`, { expected });
  return undefined;
};

export const flag: Decoder<boolean> = (spot, context) =>
  spot.node.kind === "truth" ? spot.node.isTrue : wrongKind(spot, context, "true or false");

/** The items that are not null. */
export function listOf<T>(decode: Decoder<T>): Decoder<Field<T>[]> {
  return (spot, context) => {
    const { node } = spot;
    if (node.kind !== "list") return wrongKind(spot, context, "a list");
    return node.items.flatMap((item, index) =>
      decodeField(decode, { path: [...spot.path, index], node: item }, context),
    );
  };
}

/** The entries of a mapping with keys of the writer's own, in their order. */
export function mapOf<T>(decode: Decoder<T>): Decoder<(Field<T> & { readonly key: string })[]> {
  return (spot, context) => {
    const { node } = spot;
    if (node.kind !== "mapping") return wrongKind(spot, context, "a mapping of keys to values");
    const last = new Map(node.entries.map((entry) => [entry.key, entry]));
    return node.entries.flatMap((entry) => {
      const at = { path: [...spot.path, entry.key], keySpan: entry.keySpan, node: entry.node };
      if (last.get(entry.key) !== entry) {
        context.notes.add("dropped", at, REPEATED);
        return [];
      }
      if (!isPlain(entry.key, at, context)) return [];
      return decodeField(decode, at, context).map((field) => ({ ...field, key: entry.key }));
    });
  };
}

const REPEATED = "the key is given again below, and the last one counts";

/** A mapping with known keys: null is absent, the last of repeated keys counts, unknown ones are noted. */
export function shape<D extends Readonly<Record<string, Decoder<unknown>>>>(
  decoders: D,
): Decoder<{ readonly [K in keyof D]?: Field<DecodedBy<D[K]>> }> {
  const known = Object.keys(decoders);
  const byFold = new Map(known.map((key) => [key.toLowerCase(), key]));
  return (spot, context) => {
    const { node } = spot;
    if (node.kind !== "mapping") return wrongKind(spot, context, "a mapping of keys to values");
    const found = new Map<string, Spot>();
    for (const { key, keySpan, node: value } of node.entries) {
      const name = Object.hasOwn(decoders, key) ? key : context.foldsCase ? byFold.get(key.toLowerCase()) : undefined;
      if (name === undefined) {
        noteUnknown({ path: [...spot.path, key], keySpan, node: value }, known, context);
        continue;
      }
      const earlier = found.get(name);
      if (earlier !== undefined) context.notes.add("dropped", earlier, REPEATED);
      found.set(name, { path: [...spot.path, name], keySpan, node: value });
    }
    const fields = [...found].flatMap(([name, at]): [string, Field<unknown>][] => {
      const decode = decoders[name];
      return decode === undefined ? [] : decodeField(decode, at, context).map((field) => [name, field]);
    });
    return Object.fromEntries(fields) as { readonly [K in keyof D]?: Field<DecodedBy<D[K]>> };
  };
}

function decodeField<T>(decode: Decoder<T>, spot: Spot, context: DecodeContext): Field<T>[] {
  if (spot.node.kind === "null") return [];
  const value = decode(spot, context);
  return value === undefined ? [] : [{ value, spot }];
}

function noteUnknown(spot: Spot, known: readonly string[], { notes }: DecodeContext): void {
  const key = String(spot.path.at(-1));
  // Keys like these are how JSON is commented.
  if (/^(_|\/\/|\$schema$)/.test(key)) return;
  const near = key.length > 60 ? undefined : nearestOf(key, known);
  notes.add("ignored", spot, "unknown key", near === undefined ? undefined : `Did you mean "${near}"?`);
}

/** Reports that a node is of another kind than `expected`. */
export function wrongKind(spot: Spot, { issues }: DecodeContext, expected: string): undefined {
  reportIssue(issues, spot, foundWords(spot.node), { expected });
}

function foundWords(node: SourceNode): string {
  switch (node.kind) {
    case "mapping":
      return "found a mapping";
    case "list":
      return "found a list";
    case "text":
      return "found a text";
    case "number":
      return "found a number";
    case "truth":
      return "found a truth value";
    case "null":
      return "has no value";
  }
}

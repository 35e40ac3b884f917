import { LineCounter, type Pair, type Scalar, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from "yaml";
import type { ErrorCode } from "../../core/index.ts";
import { type DocumentPath, formatPath } from "./document-path.ts";
import { hiddenCharacterIn } from "./hidden-characters.ts";
import type { Issue } from "./issue.ts";
import { type Container, type Positions, type SourceSpan, isContainer } from "./positions.ts";
import { wordsFor } from "./syntax-words.ts";

export const MAX_DOCUMENT_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_ISSUES = 100;
const WRITTEN_LIMIT = 60;
const ALIAS_HINT = "Write the value out; quote a text that begins with * or &";

/** A YAML text as plain JSON values. */
export interface SourceDocument {
  readonly file: string;
  /** The text for code frames: the same places, secrets masked. */
  readonly text: string;
  readonly value: unknown;
  /** False when the text is no YAML: the value is then what a parser guessed. */
  readonly isReadable: boolean;
  /** What is wrong with the text itself. */
  readonly issues: readonly Issue[];
}

/** Keys whose values no message and no code frame may show. */
export function isSecretKey(key: string): boolean {
  return /pas+w|passphrase$|secret|token/i.test(key) && !/max_?age/i.test(key);
}

/**
 * Parses one YAML 1.2 document: mappings, lists and scalars, nothing else.
 *
 * Anchors, aliases, tags, repeated keys and several documents are issues: each would let a value differ from what a
 * reader sees. The value has no prototypes to trip over: `__proto__` is an ordinary key.
 */
export function parseSource(text: string, file: string, code: ErrorCode, positions: Positions): SourceDocument {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) return tooLarge(file, code);
  const lines = new LineCounter();
  const issues: Issue[] = [];
  const secrets: [start: number, end: number][] = [];

  const endOfLine = (start: number): number => {
    const stop = text.indexOf("\n", start);
    return stop === -1 ? text.length : stop;
  };
  const spanOf = (start: number, end: number): SourceSpan => {
    const { line, col } = lines.linePos(start);
    return {
      file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      length: Math.max(1, Math.min(end, endOfLine(start)) - start),
    };
  };
  const report = (message: string, span: SourceSpan, path: DocumentPath, hint?: string): void => {
    if (issues.length >= MAX_ISSUES) return;
    issues.push({ code, path: formatPath(path), message, position: span, ...(hint === undefined ? {} : { hint }) });
  };

  const spanOfNode = (node: unknown, fallback: SourceSpan): SourceSpan => {
    const range = isNode(node) ? node.range : undefined;
    return range === undefined || range === null ? fallback : spanOf(range[0], range[1]);
  };

  const convert = (node: unknown, path: DocumentPath, span: SourceSpan): unknown => {
    if (path.length > MAX_DEPTH) {
      report(`nested deeper than ${MAX_DEPTH} levels`, span, path.slice(0, 3));
      return null;
    }
    if (isAlias(node)) {
      report(`alias "*${shorten(node.source)}": aliases are not supported`, span, path, ALIAS_HINT);
      return null;
    }
    if (isNode(node)) checkPlain(node, path, span);
    if (isMap(node)) return convertMapping(node.items, path, span);
    if (isSeq(node)) return convertList(node.items, path, span);
    return isScalar(node) ? convertScalar(node, path, span) : null;
  };

  const checkPlain = (node: { anchor?: string; tag?: string }, path: DocumentPath, span: SourceSpan): void => {
    if (node.anchor !== undefined) {
      report(`anchor "&${shorten(node.anchor)}": anchors are not supported`, span, path, ALIAS_HINT);
    }
    if (node.tag !== undefined) {
      report(
        `tag "${shorten(node.tag)}": tags are not supported`,
        span,
        path,
        "Remove the tag; quote a text that begins with !",
      );
    }
  };

  const convertMapping = (items: readonly Pair[], path: DocumentPath, span: SourceSpan): Container => {
    const entries = new Map<string, { value: unknown; key: SourceSpan; node: unknown; span: SourceSpan }>();
    for (const { key: keyNode, value: valueNode } of items) {
      const keySpan = spanOfNode(keyNode, span);
      if (!isScalar(keyNode)) {
        report("a key must be one word or a quoted text", keySpan, path);
        continue;
      }
      const key = keyText(keyNode);
      const valuePath = [...path, key];
      checkPlain(keyNode, valuePath, keySpan);
      const hidden = hiddenCharacterIn(key, "key");
      if (hidden !== undefined) report(`${hidden} in a key`, keySpan, valuePath, "Delete it; only plain spaces indent");
      if (key === "<<") {
        report('the merge key "<<" is not supported', keySpan, path, "Write the values out");
        continue;
      }
      const earlier = entries.get(key);
      if (earlier !== undefined) {
        report(
          `key ${JSON.stringify(shorten(key))} is given twice; first in line ${earlier.key.line}`,
          keySpan,
          valuePath,
          "Keep one of them",
        );
        continue;
      }
      const valueSpan = hasText(valueNode) ? spanOfNode(valueNode, keySpan) : keySpan;
      if (isSecretKey(key) && isNode(valueNode) && valueNode.range && !isReference(valueNode)) {
        const [from, to] = valueNode.range;
        // A value that begins with # is a comment, and still the secret that somebody meant.
        secrets.push([from, isComment(valueNode) ? endOfLine(from) : to]);
      }
      entries.set(key, {
        value: convert(valueNode, valuePath, valueSpan),
        key: keySpan,
        node: valueNode,
        span: valueSpan,
      });
    }
    // fromEntries defines own members, so that a key named __proto__ is only a key.
    const mapping: Container = Object.fromEntries([...entries].map(([key, entry]) => [key, entry.value]));
    for (const [key, entry] of entries) {
      positions.record(mapping, key, { key: entry.key, value: entry.span, ...writtenOf(entry.node) });
    }
    return mapping;
  };

  const convertList = (items: readonly unknown[], path: DocumentPath, span: SourceSpan): Container => {
    const spans = items.map((item) => spanOfNode(item, span));
    const list = items.map((item, index) => convert(item, [...path, index], spans[index] ?? span));
    for (const [index, item] of items.entries()) {
      positions.record(list, index, { value: spans[index] ?? span, ...writtenOf(item) });
    }
    return list;
  };

  const convertScalar = (node: Scalar, path: DocumentPath, span: SourceSpan): unknown => {
    const { value } = node;
    if (typeof value === "string") {
      const hidden = hiddenCharacterIn(value, "text");
      if (hidden !== undefined) report(`${hidden} in a text`, span, path);
      return value;
    }
    if (typeof value === "number" || typeof value === "boolean") return value;
    return typeof value === "bigint" ? Number(value) : null;
  };

  let value: unknown = null;
  let isReadable = true;
  const start: SourceSpan = { file, line: 1, column: 1, length: 1 };
  try {
    // uniqueKeys compares every key with every other one: minutes for a hostile file. We look keys up instead.
    const options = {
      version: "1.2",
      schema: "core",
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
    } as const;
    const document = parseDocument(text, options);
    isReadable = document.errors.length === 0;
    const { explicit, version } = document.directives?.yaml ?? {};
    // A directive for YAML 1.1 would make `yes` a truth value and 0644 an octal number.
    if ((explicit === true && version !== "1.2") || document.warnings.some(({ code }) => code === "BAD_DIRECTIVE")) {
      report("a directive that begins with % is not supported", start, [], "Remove it: files are YAML 1.2");
    }
    // A parser takes such a text for one line, and every second word for a mistake.
    if (document.errors.length > 0 && /\r(?!\n)/.test(text) && !text.includes("\n")) {
      report(
        "lines end in a carriage return alone",
        start,
        [],
        "Save the file with line feeds at the ends of its lines",
      );
      return { file, text: mask(text, secrets), value: null, isReadable, issues };
    }
    for (const error of document.errors) {
      const [message, hint] = wordsFor(error, lineFrom(text, error.pos[0]));
      report(message, spanOf(Math.min(error.pos[0], text.length), error.pos[1]), [], hint);
    }
    const rootSpan = spanOfNode(document.contents, start);
    value = convert(document.contents, [], rootSpan);
    if (isContainer(value)) positions.recordRoot(value, { ...rootSpan, length: 1 });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    isReadable = false;
    report(`nested deeper than ${MAX_DEPTH} levels`, start, []);
  }
  return { file, text: mask(text, secrets), value, isReadable, issues };
}

function lineFrom(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(offset, Math.min(end === -1 ? text.length : end, offset + WRITTEN_LIMIT)).trimStart();
}

function tooLarge(file: string, code: ErrorCode): SourceDocument {
  const position = { file, line: 1, column: 1, length: 1 };
  return {
    file,
    text: "",
    value: null,
    isReadable: false,
    issues: [{ code, path: "", message: "larger than 1 MiB", position }],
  };
}

function keyText(node: Scalar): string {
  if (typeof node.value === "string") return node.value;
  return node.source ?? String(node.value);
}

function writtenOf(node: unknown): { written?: string } {
  if (!isScalar(node) || node.type !== "PLAIN" || node.source === undefined) return {};
  if (isComment(node)) return { written: "#" };
  return node.source.length > WRITTEN_LIMIT ? {} : { written: node.source };
}

/** No value, but a comment in its place. */
function isComment(node: unknown): boolean {
  return isScalar(node) && node.source === "" && typeof node.comment === "string";
}

function hasText(node: unknown): boolean {
  if (!isNode(node) || !node.range) return false;
  return node.range[1] > node.range[0];
}

function shorten(text: string): string {
  return text.length > WRITTEN_LIMIT ? `${text.slice(0, WRITTEN_LIMIT)}…` : text;
}

/** `${NAME}`: where a secret comes from is none. */
function isReference(node: unknown): boolean {
  return isScalar(node) && typeof node.value === "string" && /^\$\{\w*\}$/.test(node.value);
}

function mask(text: string, ranges: readonly (readonly [start: number, end: number])[]): string {
  let masked = "";
  let end = 0;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (from < end) continue;
    masked += text.slice(end, from) + text.slice(from, to).replaceAll(/[^\r\n]/g, "*");
    end = to;
  }
  return masked + text.slice(end);
}

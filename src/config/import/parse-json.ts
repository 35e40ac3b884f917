import { type SourceSpan, isSecretKey } from "../document/index.ts";
import type { SourceEntry, SourceNode } from "./source-node.ts";

const MAX_DEPTH = 64;

export interface ParsedJson {
  /** Absent when the text is no JSON. */
  readonly node?: SourceNode;
  readonly fault?: { readonly message: string; readonly hint?: string; readonly span: SourceSpan };
  /** The text for code frames: the same places, secrets masked. */
  readonly text: string;
}

/**
 * Parses JSON strictly, keeping repeated keys and how numbers were written.
 *
 * A YAML parser would also take comments, single quotes and final commas, which the tool that the file was written for
 * refuses, and would round large numbers.
 * @see RFC 8259
 */
export function parseJson(text: string, file: string): ParsedJson {
  const lineStarts = lineStartsOf(text);
  const secrets: (readonly [start: number, end: number])[] = [];
  let at = 0;

  const spanOf = (start: number, end = start + 1): SourceSpan => {
    const line = lineOf(lineStarts, start);
    const lineStart = lineStarts[line] ?? 0;
    const lineEnd = (lineStarts[line + 1] ?? text.length + 1) - 1;
    return { file, line: line + 1, column: start - lineStart + 1, length: Math.max(1, Math.min(end, lineEnd) - start) };
  };
  const fail = (message: string, hint?: string, start = at): never => {
    throw new JsonFault(message, hint, spanOf(Math.min(start, text.length)));
  };
  const skipSpace = (): void => {
    while (" \t\r\n".includes(text.charAt(at)) && at < text.length) at += 1;
  };

  const readNode = (depth: number, isSecret: boolean): SourceNode => {
    skipSpace();
    const start = at;
    if (depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`);
    if (isSecret) secrets.push([start, endOfLine(text, start)]);
    const node = readValue(depth);
    if (isSecret) secrets[secrets.length - 1] = [start, at];
    return node;
  };

  const readValue = (depth: number): SourceNode => {
    const start = at;
    switch (text[at]) {
      case "{":
        return readMapping(depth, start);
      case "[":
        return readList(depth, start);
      case '"':
        return { kind: "text", text: readText(), span: spanOf(start, at) };
      default:
        return readWord(start);
    }
  };

  const readMapping = (depth: number, start: number): SourceNode => {
    const entries: SourceEntry[] = [];
    at += 1;
    skipSpace();
    if (text[at] === "}") at += 1;
    else {
      for (;;) {
        skipSpace();
        const keyStart = at;
        if (text[at] !== '"') {
          const comma = text[at] === "}" ? "Remove the comma before it" : undefined;
          fail(
            at >= text.length ? "a { is not closed" : "a key in double quotes is expected here",
            comma ?? commentHint(),
          );
        }
        const key = readText();
        const keySpan = spanOf(keyStart, at);
        skipSpace();
        if (text[at] !== ":") fail('":" is expected after a key');
        at += 1;
        entries.push({ key, keySpan, node: readNode(depth + 1, isSecretKey(key)) });
        if (readSeparator("}")) break;
      }
    }
    return { kind: "mapping", entries, span: spanOf(start, at) };
  };

  const readList = (depth: number, start: number): SourceNode => {
    const items: SourceNode[] = [];
    at += 1;
    skipSpace();
    if (text[at] === "]") at += 1;
    else {
      do {
        skipSpace();
        if (text[at] === "]") fail("a value is expected here", "Remove the comma before it");
        items.push(readNode(depth + 1, false));
      } while (!readSeparator("]"));
    }
    return { kind: "list", items, span: spanOf(start, at) };
  };

  /** Steps over a comma, or over the end of the container: true for the latter. */
  const readSeparator = (close: "}" | "]"): boolean => {
    skipSpace();
    const character = text[at];
    if (character !== "," && character !== close) {
      fail(
        at >= text.length ? `"${close}" is missing at the end` : `"," or "${close}" is expected here`,
        commentHint(),
      );
    }
    at += 1;
    return character === close;
  };

  const readText = (): string => {
    const start = at;
    const end = endOfText(text, start);
    const written = text.slice(start, end);
    try {
      const parsed: unknown = JSON.parse(written);
      at = end;
      return String(parsed).toWellFormed();
    } catch {
      const control = /[\u0000-\u001f]/.exec(written);
      if (control !== null) {
        return fail("a text has a line break or a control character", "Close its quotes, or write \\n", start);
      }
      return fail(written.includes("\\") ? "a text has an unknown escape" : "a text is not closed", undefined, start);
    }
  };

  const readWord = (start: number): SourceNode => {
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0] ?? "";
    const span = spanOf(start, start + word.length);
    at += word.length;
    if (word === "true" || word === "false") return { kind: "truth", isTrue: word === "true", span };
    if (word === "null") return { kind: "null", span };
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(word)) return { kind: "number", written: word, span };
    at = start;
    return fail(at >= text.length ? "a value is missing at the end" : "this is no JSON value", commentHint());
  };

  const commentHint = (): string | undefined => {
    if (text[at] === "'") return "JSON has double quotes only";
    return text[at] === "/" || text[at] === "#" ? "JSON has no comments" : undefined;
  };

  try {
    const node = readNode(0, false);
    skipSpace();
    if (at < text.length) fail("there is more text after the end", commentHint());
    return { node, text: mask(text, secrets) };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const { message, hint, span } = error;
    return { fault: { message, span, ...(hint === undefined ? {} : { hint }) }, text: mask(text, secrets) };
  }
}

const WORD = /[A-Za-z0-9+.-]*/y;

class JsonFault extends Error {
  readonly hint: string | undefined;
  readonly span: SourceSpan;
  constructor(message: string, hint: string | undefined, span: SourceSpan) {
    super(message);
    this.hint = hint;
    this.span = span;
  }
}

function lineStartsOf(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
}

/** The index of the line that holds an offset. */
function lineOf(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end === -1 ? text.length : end;
}

/** The offset after the closing quote; the end of the line when there is none. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') return at + 1;
    if (character === "\n") return at + 1;
    if (character === "\\") at += 1;
  }
  return text.length;
}

function mask(text: string, ranges: readonly (readonly [start: number, end: number])[]): string {
  let masked = "";
  let end = 0;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (to <= end) continue;
    const start = Math.max(from, end);
    masked += text.slice(end, start) + text.slice(start, to).replaceAll(/[^\r\n]/g, "*");
    end = to;
  }
  return masked + text.slice(end);
}

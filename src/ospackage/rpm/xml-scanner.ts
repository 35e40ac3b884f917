import { isUtf8 } from "node:buffer";
import type { ComposerError } from "../../core/index.ts";
import type { ByteSink } from "../compact-index/index.ts";
import type { FaultAt } from "./metadata-text.ts";

/** The names that a reader of XML asks for; their positions are their numbers. */
export interface XmlVocabulary {
  /** Namespace of elements without a prefix. */
  readonly namespace: string;
  readonly elements: readonly string[];
  readonly attributes: readonly string[];
}

export const XML_TAG = { done: 0, start: 1, end: 2 } as const;

/** The element or attribute is not in the vocabulary. */
export const UNKNOWN_NAME = -1;

/** Goes through one XML text tag by tag, without making text of what nobody asks for. */
export interface XmlScanner {
  /** Moves behind the next tag, one of {@link XML_TAG}; an empty element is a start and an end. */
  next(): number;
  /** The number of the element whose tag was read last. */
  element(): number;
  has(attribute: number): boolean;
  /** The value of an attribute of the start tag read last; undefined when it is not there. */
  attribute(attribute: number): string | undefined;
  /** The bytes of a value of up to 4, as a number, the first one highest; 0 when there are none, or more. */
  shortAttribute(attribute: number): number;
  /** Appends the value of an attribute; it is there. */
  copyAttribute(attribute: number, target: ByteSink): void;
  /** After a start tag: the text of the element, to behind its end tag; line breaks and tabs are blanks. */
  text(): string;
  /** As {@link text}, appended. */
  copyProse(target: ByteSink): void;
  /** As {@link copyProse}, but refuses line breaks and tabs. */
  copyText(target: ByteSink): void;
  /** After a start tag: to behind the end tag of the element. */
  skip(): void;
  /** What is wrong where the scanner is. */
  fault(state: string): ComposerError;
}

const RPM_NAMESPACE = "http://linux.duke.edu/metadata/rpm";
const MAX_DEPTH = 32;

const [TAB, NEWLINE, RETURN, BLANK, BANG, QUOTE, AMPERSAND, APOSTROPHE] = [9, 10, 13, 0x20, 0x21, 0x22, 0x26, 0x27];
const [SLASH, SEMICOLON, LESS, EQUALS, GREATER, QUESTION, BRACKET] = [0x2f, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x5b];

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const LONGEST_REFERENCE = 10;

/**
 * Opens a text, which is UTF-8.
 *
 * A subset of XML without document types, and with no prefix but `rpm:`, as all programs that make metadata write it;
 * everything else is refused, as is what is not well-formed where it is read.
 *
 * @param scratch memory for its own use while text is made
 * @see https://www.w3.org/TR/xml/
 */
export function createXmlScanner(
  source: Uint8Array,
  vocabulary: XmlVocabulary,
  fault: FaultAt,
  scratch: ByteSink,
): XmlScanner {
  const text = Buffer.from(source.buffer, source.byteOffset, source.length);
  const { length } = text;
  const elementNames = namesByLength(vocabulary.elements);
  const attributeNames = namesByLength(vocabulary.attributes);
  /** Start and end of the value of every attribute, 0 when absent. */
  const values = new Int32Array(2 * vocabulary.attributes.length);
  const present = new Int32Array(vocabulary.attributes.length);
  const [nameStarts, nameEnds, openElements] = [words(), words(), words()];
  let at = 0;
  let openCount = 0;
  let presentCount = 0;
  let current = UNKNOWN_NAME;
  let isEmptyElement = false;
  let hadRoot = false;

  if (!isUtf8(text)) throw fault("it is not UTF-8", 0);
  if (length >= 3 && text.readUIntBE(0, 3) === 0xefbbbf) at = 3;
  checkDeclaration();

  function next(): number {
    if (isEmptyElement) {
      isEmptyElement = false;
      return closeElement();
    }
    for (;;) {
      let offset = at;
      while (offset < length && text[offset] !== LESS) {
        if (openCount === 0 && !isWhite(text[offset])) throw fault("there is text outside of all elements", offset);
        offset += 1;
      }
      at = offset;
      if (offset >= length) {
        if (openCount > 0) throw fault(`it ends within <${openName()}>`, offset);
        if (!hadRoot) throw fault("it has no element", offset);
        return XML_TAG.done;
      }
      const kind = text[offset + 1];
      if (kind === SLASH) return endTag();
      if (kind !== BANG && kind !== QUESTION) return startTag();
      if (openCount === 0 && text[offset + 2] === BRACKET) throw fault("there is text outside of all elements", at);
      at = markupEnd(offset);
    }
  }

  function startTag(): number {
    while (presentCount > 0) {
      presentCount -= 1;
      values[2 * (present[presentCount] ?? 0)] = 0;
    }
    const start = at + 1;
    let offset = nameEnd(start);
    if (hadRoot && openCount === 0) throw fault("it has a second root element", at);
    if (openCount === MAX_DEPTH) throw fault(`elements are nested more than ${MAX_DEPTH} deep`, at);
    hadRoot = true;
    current = numberOf(elementNames, start, offset);
    nameStarts[openCount] = start;
    nameEnds[openCount] = offset;
    openElements[openCount] = current;
    openCount += 1;
    for (;;) {
      const before = offset;
      offset = whiteEnd(offset);
      const byte = text[offset];
      if (byte === GREATER) {
        at = offset + 1;
        return XML_TAG.start;
      }
      if (byte === SLASH && text[offset + 1] === GREATER) {
        at = offset + 2;
        isEmptyElement = true;
        return XML_TAG.start;
      }
      if (offset === before) throw fault(`the tag of <${openName()}> is malformed`, offset);
      offset = attributeEnd(offset);
    }
  }

  /** Takes an attribute; returns where it ends. */
  function attributeEnd(start: number): number {
    const end = nameEnd(start);
    let offset = whiteEnd(end);
    if (text[offset] !== EQUALS) throw fault(`an attribute of <${openName()}> has no value`, offset);
    offset = whiteEnd(offset + 1);
    const quote = text[offset];
    if (quote !== QUOTE && quote !== APOSTROPHE) throw fault("a value of an attribute has no quotes", offset);
    const valueStart = offset + 1;
    offset = valueStart;
    while (offset < length && text[offset] !== quote) {
      if (text[offset] === LESS) throw fault('a value of an attribute has a "<" in it', offset);
      offset += 1;
    }
    if (offset >= length) throw fault("it ends within a value of an attribute", offset);
    const number = numberOf(attributeNames, start, end);
    if (number !== UNKNOWN_NAME) {
      if (values[2 * number] !== 0) throw fault(`<${openName()}> has an attribute twice`, start);
      values[2 * number] = valueStart;
      values[2 * number + 1] = offset;
      present[presentCount++] = number;
    } else if (text[start] === 0x78) {
      checkNamespace(text.toString("utf8", start, end), text.toString("utf8", valueStart, offset), start);
    }
    return offset + 1;
  }

  function endTag(): number {
    const start = at + 2;
    const end = nameEnd(start);
    const closing = whiteEnd(end);
    if (text[closing] !== GREATER) throw fault("an end tag is malformed", at);
    const opened = openCount - 1;
    if (opened < 0 || !isEqual(nameStarts[opened] ?? 0, nameEnds[opened] ?? 0, start, end)) {
      throw fault(`</${text.toString("utf8", start, Math.min(end, start + 50))}> closes what is not open`, at);
    }
    at = closing + 1;
    return closeElement();
  }

  function isEqual(start: number, end: number, otherStart: number, otherEnd: number): boolean {
    if (end - start !== otherEnd - otherStart) return false;
    let index = end - start - 1;
    while (index >= 0 && text[start + index] === text[otherStart + index]) index -= 1;
    return index < 0;
  }

  function closeElement(): number {
    openCount -= 1;
    current = openElements[openCount] ?? UNKNOWN_NAME;
    return XML_TAG.end;
  }

  /** Behind a comment, a processing instruction or a CDATA section. */
  function markupEnd(start: number): number {
    const [opening, closing] = MARKUP.find(([opening]) => startsWith(start, opening)) ?? [];
    if (opening === undefined || closing === undefined) {
      const isType = startsWith(start, "<!DOCTYPE");
      throw fault(isType ? "it has a document type, which metadata has not" : "it has malformed markup", start);
    }
    const end = text.indexOf(closing, start + opening.length, "latin1");
    if (end === -1) throw fault(`it ends within "${opening}"`, start);
    return end + closing.length;
  }

  /** Appends the text of the element that was just opened, and moves behind its end tag. */
  function appendText(target: ByteSink, allowsBreaks: boolean): void {
    if (!isEmptyElement) {
      for (;;) {
        const start = at;
        while (at < length && text[at] !== LESS) at += 1;
        append(start, at, target, allowsBreaks, true);
        if (text[at + 1] !== BANG && text[at + 1] !== QUESTION) break;
        const end = markupEnd(at);
        if (text[at + 2] === BRACKET) append(at + CDATA.length, end - CDATA_END.length, target, allowsBreaks, false);
        at = end;
      }
    }
    if (next() !== XML_TAG.end) throw fault(`<${openName()}> is where only text may be`, at);
  }

  function append(start: number, end: number, target: ByteSink, allowsBreaks: boolean, hasEntities: boolean): void {
    target.reserve(end - start);
    const { bytes } = target;
    let to = target.end;
    for (let offset = start; offset < end; offset += 1) {
      const byte = text[offset] ?? 0;
      if (byte === AMPERSAND && hasEntities) {
        const referenceEnd = text.subarray(offset, offset + LONGEST_REFERENCE + 2).indexOf(SEMICOLON) + offset;
        const character = characterOf(text.toString("latin1", offset + 1, referenceEnd), offset);
        if (character < " " && !allowsBreaks) throw fault("it has a control character", offset);
        // No character is longer than its reference.
        to += bytes.write(character < " " ? " " : character, to, "utf8");
        offset = referenceEnd;
      } else if (byte < BLANK) {
        if (!allowsBreaks || !isWhite(byte)) throw fault("it has a control character", offset);
        bytes[to++] = BLANK;
      } else {
        bytes[to++] = byte;
      }
    }
    target.end = to;
  }

  function characterOf(reference: string, offset: number): string {
    const named = Object.hasOwn(ENTITIES, reference) ? ENTITIES[reference] : undefined;
    if (named !== undefined) return named;
    const [, decimal, hexadecimal] = /^#(?:([0-9]{1,7})|x([0-9a-fA-F]{1,6}))$/.exec(reference) ?? [];
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal);
    if (!isCharacter(code)) throw fault(`"&${reference.slice(0, LONGEST_REFERENCE)}" stands for no character`, offset);
    return String.fromCodePoint(code);
  }

  function copyAttribute(attribute: number, target: ByteSink): void {
    append(values[2 * attribute] ?? 0, values[2 * attribute + 1] ?? 0, target, false, true);
  }

  function nameEnd(start: number): number {
    let offset = start;
    while (offset < length && isNameByte(text[offset])) offset += 1;
    if (offset === start) throw fault("a name is missing after a bracket or a blank", start);
    return offset;
  }

  function whiteEnd(start: number): number {
    let offset = start;
    while (offset < length && isWhite(text[offset])) offset += 1;
    return offset;
  }

  function numberOf(names: readonly (readonly NamedNumber[] | undefined)[], start: number, end: number): number {
    const candidates = end - start < names.length ? names[end - start] : undefined;
    if (candidates === undefined) return UNKNOWN_NAME;
    for (let candidate = 0; candidate < candidates.length; candidate += 1) {
      const { name, number } = candidates[candidate] ?? NO_NAME;
      let index = name.length - 1;
      while (index >= 0 && text[start + index] === name[index]) index -= 1;
      if (index < 0) return number;
    }
    return UNKNOWN_NAME;
  }

  function startsWith(start: number, expected: string): boolean {
    return text.toString("latin1", start, start + expected.length) === expected;
  }

  function openName(): string {
    return text.toString("utf8", nameStarts[openCount - 1], Math.min(nameEnds[openCount - 1] ?? 0, at + 50));
  }

  function checkNamespace(name: string, value: string, offset: number): void {
    const isRefused =
      name === "xmlns"
        ? value !== vocabulary.namespace
        : name === "xmlns:rpm"
          ? value !== RPM_NAMESPACE
          : name.startsWith("xmlns:") && (value === RPM_NAMESPACE || value === vocabulary.namespace);
    if (isRefused)
      throw fault(`the namespace "${value.slice(0, 100)}" cannot be read as "${name.slice(0, 50)}"`, offset);
  }

  function checkDeclaration(): void {
    const declaration = /^<\?xml\s[^>]*>/.exec(text.toString("latin1", at, at + 200))?.[0] ?? "";
    const encoding = /\sencoding\s*=\s*["']([^"']*)["']/.exec(declaration)?.[1] ?? "UTF-8";
    if (!/^(?:utf-?8|us-ascii)$/i.test(encoding)) throw fault(`it is in ${encoding.slice(0, 50)}, not in UTF-8`, at);
  }

  return {
    next,
    element: () => current,
    has: (attribute) => values[2 * attribute] !== 0,
    attribute(attribute) {
      if (values[2 * attribute] === 0) return undefined;
      scratch.end = 0;
      copyAttribute(attribute, scratch);
      return scratch.bytes.toString("utf8", 0, scratch.end);
    },
    shortAttribute(attribute) {
      const [start, end] = [values[2 * attribute] ?? 0, values[2 * attribute + 1] ?? 0];
      if (start === 0 || end - start > 4) return 0;
      let value = 0;
      for (let offset = start; offset < end; offset += 1) value = value * 256 + (text[offset] ?? 0);
      return value;
    },
    copyAttribute,
    text() {
      scratch.end = 0;
      appendText(scratch, true);
      return scratch.bytes.toString("utf8", 0, scratch.end);
    },
    copyProse: (target) => void appendText(target, true),
    copyText: (target) => void appendText(target, false),
    skip() {
      const outer = openCount - 1;
      while (openCount > outer) next();
    },
    fault: (state) => fault(state, at),
  };
}

const [CDATA, CDATA_END] = ["<![CDATA[", "]]>"];
const MARKUP: readonly (readonly [opening: string, closing: string])[] = [
  ["<!--", "-->"],
  [CDATA, CDATA_END],
  ["<?", "?>"],
];

interface NamedNumber {
  readonly name: Uint8Array;
  readonly number: number;
}

const NO_NAME: NamedNumber = { name: new Uint8Array(1), number: UNKNOWN_NAME };

function namesByLength(names: readonly string[]): readonly (readonly NamedNumber[] | undefined)[] {
  const byLength: NamedNumber[][] = Array.from({ length: Math.max(...names.map((name) => name.length)) + 1 }, () => []);
  for (const [number, name] of names.entries()) byLength[name.length]?.push({ name: Buffer.from(name), number });
  return byLength;
}

function words(): Int32Array {
  return new Int32Array(MAX_DEPTH);
}

function isWhite(byte: number | undefined): boolean {
  return byte === BLANK || byte === NEWLINE || byte === TAB || byte === RETURN;
}

const IS_NAME_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte >= 0x80;
  return isLetter || (byte >= 0x30 && byte <= 0x3a) || byte === 0x5f || byte === 0x2d || byte === 0x2e ? 1 : 0;
});

function isNameByte(byte: number | undefined): boolean {
  return IS_NAME_BYTE[byte ?? 0] === 1;
}

/** @see https://www.w3.org/TR/xml/#charsets */
function isCharacter(code: number): boolean {
  if (code < BLANK) return isWhite(code);
  return code < 0xd800 || (code >= 0xe000 && code <= 0x10ffff && code !== 0xfffe && code !== 0xffff);
}

import { RECORD_FIELDS } from "./index-record.ts";

/** Where the fields of one stanza are in the text; valid until the visitor returns. */
export interface ScannedStanza {
  /** The value of a field by its number in a record, continuation lines joined by a blank; empty when absent. */
  text(field: number): string;
  /** Writes all values, separated by "\n", into `target`; returns the offset after them. */
  copyTo(target: Buffer, offset: number): number;
  /** The most bytes that {@link copyTo} writes. */
  readonly maxBytes: number;
  /** The first field that was given twice. */
  readonly repeated: number | undefined;
  /** Line of the first field, from 1. */
  readonly line: number;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
const TAB = 0x09;
const COLON = 0x3a;

/** A value of one line, as [start, end); further lines follow in pairs. */
type Slot = number[];

/**
 * Calls `visit` for every stanza of a Packages file.
 *
 * One pass over the bytes, and text is only made of what the visitor asks for: an index of 60,000 stanzas and 50 MB
 * takes a few tenths of a second.
 *
 * @param linesBefore how many lines stand before this text in its file
 * @returns the line that is no field, where scanning ends; undefined when there is none
 */
export function scanPackages(
  packages: Uint8Array,
  visit: (stanza: ScannedStanza) => void,
  linesBefore = 0,
): number | undefined {
  const text = Buffer.from(packages.buffer, packages.byteOffset, packages.length);
  const slots: Slot[] = RECORD_FIELDS.map(() => []);
  let isEmpty = true;
  let current: Slot | undefined;
  let repeated: number | undefined;
  let [line, firstLine, start] = [linesBefore, 0, 0];

  const finish = (stanzaStart: number, stanzaEnd: number): void => {
    if (isEmpty) return;
    visit({
      text: (field) => textOf(text, slots[field] ?? []),
      copyTo: (target, offset) => copyRecord(text, slots, target, offset),
      maxBytes: stanzaEnd - stanzaStart + RECORD_FIELDS.length,
      repeated,
      line: firstLine,
    });
    for (const slot of slots) slot.length = 0;
    isEmpty = true;
    current = repeated = undefined;
  };

  for (let at = 0; at < text.length;) {
    line += 1;
    const newline = text.indexOf(NEWLINE, at);
    const next = newline === -1 ? text.length : newline + 1;
    let end = newline === -1 ? text.length : newline;
    while (end > at && isBlank(text[end - 1])) end -= 1;
    const first = text[at];
    if (end === at) {
      finish(start, at);
    } else if (first === BLANK || first === TAB) {
      if (isEmpty) return line;
      if (current !== undefined) addLine(text, current, at, end);
    } else if (first !== 0x23) {
      if (isEmpty) [start, firstLine, isEmpty] = [at, line, false];
      const number = fieldAt(text, at, end);
      if (number === NO_FIELD) return line;
      current = slots[number];
      if (current !== undefined) {
        const colon = at + (RECORD_FIELDS[number]?.length ?? 0);
        if (current.length > 0) repeated ??= number;
        addLine(text, current, colon + 1, end);
      }
    }
    at = next;
  }
  finish(start, text.length);
  return undefined;
}

function isBlank(byte: number | undefined): boolean {
  return byte === BLANK || byte === TAB || byte === CARRIAGE_RETURN;
}

function addLine(text: Buffer, slot: Slot, from: number, end: number): void {
  let start = from;
  while (start < end && isBlank(text[start])) start += 1;
  slot.push(start, end);
}

const NO_FIELD = -2;
const OTHER_FIELD = -1;

/** Lower-case names of the fields by their first letter. */
const FIELDS_BY_LETTER: { readonly number: number; readonly name: Uint8Array }[][] = Array.from(
  { length: 128 },
  (_, letter) =>
    RECORD_FIELDS.map((field, number) => ({ number, name: Buffer.from(field.toLowerCase()) })).filter(
      ({ name }) => name[0] === letter,
    ),
);

/** The number of the field that begins at `at`, {@link OTHER_FIELD} or {@link NO_FIELD}. */
function fieldAt(text: Buffer, at: number, end: number): number {
  for (const { number, name } of FIELDS_BY_LETTER[lowerCase(text[at])] ?? []) {
    if (text[at + name.length] === COLON && at + name.length < end && startsWith(text, at, name)) return number;
  }
  for (let colon = at; colon < end; colon += 1) {
    const byte = text[colon] ?? 0;
    if (byte === COLON) return colon > at ? OTHER_FIELD : NO_FIELD;
    if (byte <= BLANK) return NO_FIELD;
  }
  return NO_FIELD;
}

function startsWith(text: Buffer, at: number, name: Uint8Array): boolean {
  for (let index = 1; index < name.length; index += 1) {
    if (lowerCase(text[at + index]) !== name[index]) return false;
  }
  return true;
}

function lowerCase(byte: number | undefined): number {
  const code = byte ?? 0;
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

function textOf(text: Buffer, slot: Slot): string {
  const lines: string[] = [];
  for (let index = 0; index < slot.length; index += 2) {
    lines.push(text.toString("utf8", slot[index], slot[index + 1]));
  }
  return lines.join(" ").trim();
}

function copyRecord(text: Buffer, slots: readonly Slot[], target: Buffer, from: number): number {
  let offset = from;
  for (const [number, slot] of slots.entries()) {
    if (number > 0) target[offset++] = NEWLINE;
    for (let index = 0; index < slot.length; index += 2) {
      const [start = 0, end = 0] = [slot[index], slot[index + 1]];
      if (index > 0 && end > start && slot[1] !== slot[0]) target[offset++] = BLANK;
      offset += text.copy(target, offset, start, end);
    }
  }
  return offset;
}

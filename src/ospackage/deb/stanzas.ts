import { ComposerError, type ErrorCode, formatSize } from "../../core/index.ts";

export interface StanzaField {
  /** As written. */
  readonly name: string;
  /** Without the white space around; continuation lines follow after "\n", without their leading blank. */
  readonly value: string;
  /** Counts from 1 in the whole text. */
  readonly line: number;
}

/** One paragraph of a control file. @see deb822(5) */
export interface Stanza {
  readonly fields: readonly StanzaField[];
  /** The value of a field, whose name is compared without regard to case. */
  get(name: string): string | undefined;
}

export interface StanzaOptions {
  /** What is read, for messages: `the file "…"`. */
  readonly object?: string;
  /** The code of errors; PACKAGE_FORMAT_INVALID when absent. */
  readonly invalid?: ErrorCode;
  /** Most characters of the text; 64 Mi when absent. */
  readonly maxLength?: number;
  /** Most lines of the text; 4 million when absent. */
  readonly maxLines?: number;
  /** Most fields of a stanza; 1000 when absent. */
  readonly maxFields?: number;
}

const DEFAULT_MAX_LENGTH = 64 * 1024 * 1024;
const DEFAULT_MAX_LINES = 4_000_000;
const DEFAULT_MAX_FIELDS = 1000;
const FIELD_LINE = /^([!-9;-~]+):[ \t]*(.*)$/;

/**
 * The stanzas of a control text, which empty lines separate; comment lines are left out.
 *
 * @throws {PACKAGE_FORMAT_INVALID} or `options.invalid`: a line is no field, a field is given twice, a limit is passed
 * @see deb822(5)
 */
export function parseStanzas(text: string, options: StanzaOptions = {}): Stanza[] {
  const { maxLength = DEFAULT_MAX_LENGTH, maxLines = DEFAULT_MAX_LINES, maxFields = DEFAULT_MAX_FIELDS } = options;
  if (text.length > maxLength) throw invalid(options, `it has more than ${formatSize(maxLength)}`);
  const lines = text.split("\n", maxLines + 1);
  if (lines.length > maxLines) throw invalid(options, `it has more than ${maxLines} lines`);
  const stanzas: Stanza[] = [];
  let fields: { name: string; lines: string[]; line: number }[] = [];
  const finish = (): void => {
    if (fields.length > 0) stanzas.push(stanzaOf(fields, options));
    fields = [];
  };
  for (const [index, raw] of lines.entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const number = index + 1;
    if (line.startsWith("#")) continue;
    if (line.trim() === "") {
      finish();
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      const current = fields.at(-1);
      if (current === undefined) throw invalid(options, `line ${number} continues no field`);
      current.lines.push(line.slice(1).trimEnd());
    } else {
      const match = FIELD_LINE.exec(line);
      if (match === null) throw invalid(options, `line ${number} is no field`);
      if (fields.length >= maxFields) throw invalid(options, `the stanza at line ${number} has too many fields`);
      fields.push({ name: match[1] ?? "", lines: [(match[2] ?? "").trimEnd()], line: number });
    }
  }
  finish();
  return stanzas;
}

/**
 * The only stanza of a control text.
 *
 * @throws {PACKAGE_FORMAT_INVALID} or `options.invalid`: also when there is none, or more than one
 */
export function parseStanza(text: string, options: StanzaOptions = {}): Stanza {
  const [stanza, another] = parseStanzas(text, options);
  if (stanza === undefined) throw invalid(options, "it is empty");
  if (another !== undefined) throw invalid(options, `a second stanza begins at line ${another.fields[0]?.line ?? 0}`);
  return stanza;
}

function stanzaOf(fields: readonly { name: string; lines: string[]; line: number }[], options: StanzaOptions): Stanza {
  const values = new Map<string, string>();
  const complete = fields.map(({ name, lines, line }) => {
    const value = lines.join("\n");
    const key = name.toLowerCase();
    if (values.has(key)) throw invalid(options, `line ${line} gives the field "${name}" again`);
    values.set(key, value);
    return { name, value, line };
  });
  return { fields: complete, get: (name) => values.get(name.toLowerCase()) };
}

function invalid(options: StanzaOptions, state: string): ComposerError {
  const object = options.object ?? "the control text";
  return new ComposerError(options.invalid ?? "PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

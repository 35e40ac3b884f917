import type { SourceSpan } from "../document/index.ts";
import { formatPath } from "../document/index.ts";
import { type Spot, shownValue } from "./source-node.ts";

/**
 * What became of a value of the imported file, other than being carried over.
 *
 * `dropped`: it is not in the template. `changed`: it is there in another form that does not mean exactly the same.
 * `assumed`: the file does not say it. `ignored`: the tool that the file was written for ignores it, too.
 */
export type ImportNoteKind = "dropped" | "changed" | "assumed" | "ignored";

export interface ImportNote {
  readonly kind: ImportNoteKind;
  /** In the imported file, for example `SystemConfigs[0].Networks[0].OnBoot`. */
  readonly path: string;
  /** What is written there, shortened; absent for mappings, and where nothing is written. */
  readonly value?: string;
  /** What happened, and why; starts in lower case, no final period. */
  readonly message: string;
  /** What to do instead. */
  readonly hint?: string;
  readonly position: SourceSpan;
}

/** Notes beyond this number are only counted: nobody reads them. */
const MAX_NOTES = 500;
const MAX_PATH_LENGTH = 200;

/** Collects notes in the order in which they are made. */
export class NoteList {
  readonly #notes: ImportNote[] = [];

  add(kind: ImportNoteKind, spot: Spot, message: string, hint?: string): void {
    if (this.#notes.length >= MAX_NOTES) return;
    const value = kind === "assumed" ? undefined : shownValue(spot);
    this.#notes.push({
      kind,
      path: formatPath(spot.path),
      ...(value === undefined ? {} : { value }),
      message,
      ...(hint === undefined ? {} : { hint }),
      position: kind === "ignored" ? (spot.keySpan ?? spot.node.span) : spot.node.span,
    });
  }

  /** In the order of the file. */
  sorted(): ImportNote[] {
    return [...this.#notes].sort(
      ({ position: a }, { position: b }) => compare(a.file, b.file) || a.line - b.line || a.column - b.column,
    );
  }
}

/** Each note as a line with its place, and a line with its hint. */
export function formatNotes(notes: readonly ImportNote[]): string[] {
  return notes.flatMap(({ kind, path, value, message, hint, position }) => {
    const place = `${position.file}:${position.line}:${position.column}`;
    const subject = [shorten(path), ...(value === undefined ? [] : [value])].filter((text) => text !== "").join(" = ");
    const lead = subject === "" ? "" : `${subject}: `;
    const line = printable(`${place}: ${kind}: ${lead}${message}`);
    return hint === undefined ? [line] : [line, printable(`  hint: ${hint}`)];
  });
}

function shorten(path: string): string {
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path;
}

/** A hostile file must not write to the terminal through what is said about it. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

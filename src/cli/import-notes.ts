import { FORMAT_WORDS, type ImportedDocument, formatNotes } from "../config/index.ts";

/** What people are told about an import; undefined when the template says exactly what the file said. */
export function importNotesText({ notes, format }: ImportedDocument): string | undefined {
  if (notes.length === 0) return undefined;
  const count = notes.length === 1 ? "1 thing" : `${notes.length} things`;
  const title = `NOTE: The template differs from the ${FORMAT_WORDS[format]} in ${count}:`;
  return [title, ...formatNotes(notes)].join("\n");
}

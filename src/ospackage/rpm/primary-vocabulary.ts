import type { XmlVocabulary } from "./xml-scanner.ts";

const ELEMENTS = [
  "metadata",
  "package",
  "name",
  "arch",
  "version",
  "checksum",
  "packager",
  "url",
  "time",
  "size",
  "location",
  "format",
  "file",
  "rpm:license",
  "rpm:vendor",
  "rpm:group",
  "rpm:sourcerpm",
  "rpm:entry",
  "rpm:provides",
  "rpm:requires",
  "rpm:conflicts",
  "rpm:obsoletes",
  "rpm:recommends",
  "rpm:suggests",
  "rpm:supplements",
  "rpm:enhances",
] as const;

const ATTRIBUTES = [
  "name",
  "flags",
  "epoch",
  "ver",
  "rel",
  "pre",
  "type",
  "href",
  "xml:base",
  "package",
  "installed",
  "build",
  "packages",
] as const;

/** What an index takes from primary metadata. */
export const PRIMARY_VOCABULARY: XmlVocabulary = {
  namespace: "http://linux.duke.edu/metadata/common",
  elements: ELEMENTS,
  attributes: ATTRIBUTES,
};

/** Numbers of elements and attributes in {@link PRIMARY_VOCABULARY}. */
export const PRIMARY_ELEMENT = numbersOf(ELEMENTS);
export const PRIMARY_ATTRIBUTE = numbersOf(ATTRIBUTES);

function numbersOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, number) => [name, number])) as Record<Name, number>;
}

import { parseSha256 } from "../../core/index.ts";
import type { DebPackage } from "./deb-index.ts";

/** The fields of a stanza that an index keeps, in the order of its records. */
export const RECORD_FIELDS = [
  "Package",
  "Version",
  "Architecture",
  "Filename",
  "Size",
  "SHA256",
  "Installed-Size",
  "Essential",
  "Priority",
  "Section",
  "Multi-Arch",
  "Source",
  "Maintainer",
  "Homepage",
  "Depends",
  "Pre-Depends",
  "Recommends",
  "Conflicts",
  "Breaks",
  "Replaces",
  "Provides",
] as const;

export type RecordField = (typeof RECORD_FIELDS)[number];

/** Without these a package can be neither named nor fetched nor verified. */
export const REQUIRED_FIELDS = ["Package", "Version", "Architecture", "Filename", "Size", "SHA256"] as const;

/** Position of a field in a record. */
export function fieldNumber(field: RecordField): number {
  return RECORD_FIELDS.indexOf(field);
}

/**
 * Reads a record: the values of {@link RECORD_FIELDS}, separated by "\n", empty when absent.
 *
 * @returns undefined when it is damaged
 */
export function parseRecord(record: string): DebPackage | undefined {
  const values = record.split("\n");
  const sha256 = parseSha256(values[fieldNumber("SHA256")] ?? "");
  if (values.length !== RECORD_FIELDS.length || sha256 === undefined) return undefined;
  const value = (field: RecordField): string => values[fieldNumber(field)] ?? "";
  const [name, version] = [value("Package"), value("Version")];
  return {
    name,
    version,
    architecture: value("Architecture"),
    essential: value("Essential") === "yes",
    priority: value("Priority"),
    section: value("Section"),
    multiArch: multiArchOf(value("Multi-Arch")),
    source: sourceOf(value("Source"), name, version),
    maintainer: value("Maintainer"),
    homepage: value("Homepage"),
    depends: value("Depends"),
    preDepends: value("Pre-Depends"),
    recommends: value("Recommends"),
    conflicts: value("Conflicts"),
    breaks: value("Breaks"),
    replaces: value("Replaces"),
    provides: value("Provides"),
    path: value("Filename"),
    sizeBytes: Number(value("Size")),
    installedSizeBytes: Number(value("Installed-Size")) * 1024,
    sha256,
  };
}

function multiArchOf(value: string): DebPackage["multiArch"] {
  return value === "same" || value === "foreign" || value === "allowed" ? value : "no";
}

/** `name (version)`, or only the name when the version is the package's own. @see deb-control(5), "Source" */
function sourceOf(value: string, name: string, version: string): DebPackage["source"] {
  if (value === "") return { name, version };
  const space = value.indexOf(" ");
  if (space === -1) return { name: value, version };
  const inParentheses = /\(([^()]+)\)/.exec(value.slice(space));
  return { name: value.slice(0, space), version: inParentheses?.[1]?.trim() ?? version };
}

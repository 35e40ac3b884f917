import { isSha256, parseFileDigest } from "../../core/index.ts";
import type { IndexFormat } from "../compact-index/index.ts";
import type { RpmPackage } from "./rpm-index.ts";

/** The lines of a record that it always has, at its end; the lines before are relations, as they come. */
export const RPM_RECORD_FIELDS = [
  "name",
  "version",
  "architecture",
  "path",
  "baseUrl",
  "size",
  "installedSize",
  "buildTime",
  "digest",
  "licence",
  "group",
  "sourceRpm",
  "maintainer",
  "homepage",
] as const;

export type RpmRecordField = (typeof RPM_RECORD_FIELDS)[number];

/** The letter that begins the line of a relation. */
export const RELATION_LETTERS = {
  provides: "p",
  requires: "r",
  conflicts: "c",
  obsoletes: "o",
  recommends: "e",
  suggests: "g",
  supplements: "s",
  enhances: "n",
} as const;

export type RpmRelation = keyof typeof RELATION_LETTERS;
export const RPM_RELATIONS = Object.keys(RELATION_LETTERS) as readonly RpmRelation[];

/** Begins the entry of a requirement that is needed before the package is installed; no name has it. */
export const PRE_MARK = "\u0001";

/** Numbers of the pieces that follow the records. */
export const RPM_PIECE = {
  /** Where each record ends. */
  recordEnds: 0,
  /** Names of packages, and for each the numbers of its records. */
  names: 1,
  /** Hashes of provided names, of obsoleted names, of paths and of package digests, with their records. */
  provided: 5,
  obsoleted: 7,
  paths: 9,
  digests: 11,
  /** The paths of each package, a line each, and where those of each package end. */
  files: 13,
  fileEnds: 14,
  /** Paths that relations name, a line each. */
  neededPaths: 15,
} as const;

export const RPM_INDEX: IndexFormat = {
  magic: Buffer.from("OICRPM\0\u0002", "latin1"),
  parts: ["ends", "lists", "hashes", "hashes", "hashes", "hashes", "bytes", "ends", "lines"],
};

/** @returns undefined when the record is damaged */
export function parseRpmRecord(record: string): RpmPackage | undefined {
  const lines = record.split("\n");
  const relationCount = lines.length - RPM_RECORD_FIELDS.length;
  const value = (field: RpmRecordField): string => lines[relationCount + RPM_RECORD_FIELDS.indexOf(field)] ?? "";
  const digest = parseFileDigest(value("digest"));
  if (relationCount < 0 || digest === undefined) return undefined;
  const relation = (name: RpmRelation): string => {
    for (let line = 0; line < relationCount; line += 1) {
      const text = lines[line] ?? "";
      if (text.startsWith(RELATION_LETTERS[name])) return text.slice(1);
    }
    return "";
  };
  const [name, version, baseUrl] = [value("name"), value("version"), value("baseUrl")];
  const buildTime = value("buildTime");
  return {
    name,
    version,
    architecture: value("architecture"),
    source: sourceOf(value("sourceRpm"), name, version),
    maintainer: value("maintainer"),
    homepage: value("homepage"),
    section: value("group"),
    path: value("path"),
    ...(baseUrl === "" ? {} : { baseUrl }),
    sizeBytes: Number(value("size")),
    installedSizeBytes: Number(value("installedSize")),
    ...(isSha256(digest) ? { sha256: digest } : { longDigest: digest }),
    licence: value("licence"),
    ...(buildTime === "" ? {} : { buildTimeSeconds: Number(buildTime) }),
    ...splitRequires(relation("requires")),
    provides: relation("provides"),
    conflicts: relation("conflicts"),
    obsoletes: relation("obsoletes"),
    recommends: relation("recommends"),
    suggests: relation("suggests"),
    supplements: relation("supplements"),
    enhances: relation("enhances"),
  };
}

function splitRequires(text: string): Pick<RpmPackage, "requires" | "preRequires"> {
  if (!text.includes(PRE_MARK)) return { requires: text, preRequires: "" };
  const entries = text.split("\t");
  const isPre = (entry: string): boolean => entry.startsWith(PRE_MARK);
  return {
    requires: entries.filter((entry) => !isPre(entry)).join("\t"),
    preRequires: entries
      .filter(isPre)
      .map((entry) => entry.slice(PRE_MARK.length))
      .join("\t"),
  };
}

/** `name-version-release.src.rpm`; a package without one is its own source. */
function sourceOf(sourceRpm: string, name: string, version: string): RpmPackage["source"] {
  const [, sourceName, sourceVersion] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(sourceRpm) ?? [];
  return { name: sourceName ?? name, version: sourceVersion ?? version };
}

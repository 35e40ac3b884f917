import { ComposerError, type Sha256Hex, formatSize, messageOf } from "../../core/index.ts";
import type { Job, Threads } from "../../host/index.ts";
import {
  addPosting,
  createIndexJoiner,
  createIndexWriter,
  MAX_INDEX_BYTES,
  piecesOfLists,
  postingListsOf,
} from "../compact-index/index.ts";
import { repositoryTooLarge } from "../repository-too-large.ts";
import { DEB_INDEX } from "./index-layout.ts";
import { RECORD_FIELDS, REQUIRED_FIELDS, fieldNumber } from "./index-record.ts";
import { parseProvides } from "./relations.ts";
import { type ScannedStanza, scanPackages } from "./scan-packages.ts";
import { stanzaTexts } from "./stanza-texts.ts";
import type { Stanza } from "./stanzas.ts";

export interface EncodeOptions {
  /** Debian's name of the wanted architecture, for example `amd64`; packages for `all` are kept as well. */
  readonly architecture: string;
  /** What is read, for messages: the address of the index. */
  readonly origin?: string;
  /** True for packages on this machine: their paths may be absolute. */
  readonly allowAbsolutePaths?: boolean;
}

/** A .deb file on this machine. */
export interface LocalDeb {
  readonly control: Stanza;
  /** Absolute. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256Hex;
}

/** All of Debian has 60 MiB for an architecture. */
const MAX_TEXT_BYTES = 512 * 1024 ** 2;
const NEWLINE = 0x0a;
const MAX_STANZA_BYTES = 1024 ** 2;
const MAX_PACKAGE_BYTES = 16 * 1024 ** 3;
const MAX_INSTALLED_KIB = 1024 ** 3;

const NAME = /^[A-Za-z0-9][A-Za-z0-9+._-]{0,254}$/;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+:~_-]{0,254}$/;
const SHA256 = /^[0-9A-Fa-f]{64}$/;

const FIELD = {
  name: fieldNumber("Package"),
  version: fieldNumber("Version"),
  architecture: fieldNumber("Architecture"),
  path: fieldNumber("Filename"),
  size: fieldNumber("Size"),
  sha256: fieldNumber("SHA256"),
  installedSize: fieldNumber("Installed-Size"),
  essential: fieldNumber("Essential"),
  priority: fieldNumber("Priority"),
  provides: fieldNumber("Provides"),
} as const;

/**
 * Makes the compact form of a Packages file, which `openDebIndex` opens in a few milliseconds.
 *
 * @param packages the plain text of the file
 * @returns equal bytes for equal text and options
 * @throws {REPOSITORY_TOO_LARGE} @throws {REPOSITORY_METADATA_INVALID} a stanza lacks a field, or has an impossible size or an unsafe path
 * @see deb822(5); Debian wiki, "DebianRepository/Format"
 */
export function encodeDebIndex(packages: Uint8Array, options: EncodeOptions): Uint8Array {
  if (packages.length > MAX_TEXT_BYTES) throw tooLarge(options, `it has more than ${formatSize(MAX_TEXT_BYTES)}`);
  return encodePart({ text: packages, options, linesBefore: 0 });
}

/**
 * As {@link encodeDebIndex}, from a stream, of which a few MiB are in memory at a time: parts of it are worked on by
 * several threads.
 *
 * @param expectedBytes how large the plain text is
 * @throws {REPOSITORY_TOO_LARGE} text or index have more than is read of any repository
 */
export async function encodeDebIndexFrom(
  threads: Threads,
  packages: AsyncIterable<Uint8Array>,
  expectedBytes: number,
  options: EncodeOptions,
): Promise<Uint8Array> {
  // The records are shorter than the text; room that is not used takes no memory.
  const joiner = createIndexJoiner(DEB_INDEX, Math.min(expectedBytes, MAX_TEXT_BYTES));
  for await (const index of threads.map(ENCODE_PACKAGES_PART, partsOf(packages, options))) {
    joiner.add(index);
    if (joiner.sizeBytes > MAX_INDEX_BYTES) {
      throw tooLarge(options, `what is kept of its packages takes more than ${formatSize(MAX_INDEX_BYTES)}`);
    }
  }
  return joiner.finish();
}

async function* partsOf(
  packages: AsyncIterable<Uint8Array>,
  options: EncodeOptions,
): AsyncGenerator<PackagesPart, void, undefined> {
  let [textBytes, linesBefore] = [0, 0];
  for await (const text of stanzaTexts(packages, () => invalid(options, "a stanza takes too much"))) {
    textBytes += text.length;
    if (textBytes > MAX_TEXT_BYTES) throw tooLarge(options, `it has more than ${formatSize(MAX_TEXT_BYTES)}`);
    // The text is valid until the next one is asked for.
    yield { text: new Uint8Array(text), options, linesBefore };
    linesBefore += lineCount(text);
  }
}

function lineCount(text: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) if (text[at] === NEWLINE) count += 1;
  return count;
}

interface PackagesPart {
  /** Whole stanzas. */
  readonly text: Uint8Array;
  readonly options: EncodeOptions;
  readonly linesBefore: number;
}

/** Indexes a part of a Packages file. @throws as {@link encodeDebIndex} */
export const ENCODE_PACKAGES_PART: Job<PackagesPart, Uint8Array> = {
  name: "encode-packages-part",
  run: encodePart,
};

function encodePart({ text, options, linesBefore }: PackagesPart): Uint8Array {
  const writer = createIndexWriter(DEB_INDEX, text.length);
  const { records, recordsStart } = writer;
  const recordEnds: number[] = [];
  const names = new Map<string, number[]>();
  const provided = new Map<string, number[]>();
  const [essential, required]: [number[], number[]] = [[], []];

  function visit(stanza: ScannedStanza): void {
    if (!isWanted(stanza, options)) return;
    const number = recordEnds.length;
    const name = checkStanza(stanza, options);
    addPosting(names, name, number);
    for (const provision of providedBy(stanza, name, options)) addPosting(provided, provision, number);
    if (stanza.text(FIELD.essential) === "yes") essential.push(number);
    if (stanza.text(FIELD.priority) === "required") required.push(number);
    records.reserve(stanza.maxBytes);
    records.end = stanza.copyTo(records.bytes, records.end);
    recordEnds.push(records.end - recordsStart);
  }

  if (text.includes(0)) throw invalid(options, "it has a NUL in it");
  const badLine = scanPackages(text, visit, linesBefore);
  if (badLine !== undefined) throw invalid(options, `line ${badLine} is no field of a stanza`);
  return writer.finish([
    Uint32Array.from(recordEnds),
    ...piecesOfLists(postingListsOf(names)),
    ...piecesOfLists(postingListsOf(provided)),
    Uint32Array.from(essential),
    Uint32Array.from(required),
  ]);
}

/**
 * Makes the compact form of an index of .deb files on this machine.
 *
 * @throws {REPOSITORY_METADATA_INVALID} as {@link encodeDebIndex}
 */
export function encodeLocalDebIndex(debs: readonly LocalDeb[], options: EncodeOptions): Uint8Array {
  const text = debs.map((deb) => `${stanzaText(deb, options)}\n`).join("\n");
  return encodeDebIndex(Buffer.from(text, "utf8"), { ...options, allowAbsolutePaths: true });
}

const FILE_FIELDS: readonly string[] = ["Filename", "Size", "SHA256"];

function stanzaText({ control, path, sizeBytes, sha256 }: LocalDeb, options: EncodeOptions): string {
  // A file name is the only value here that no parser has cut into lines.
  if (/[\n\r]/.test(path)) throw invalid(options, `the path ${JSON.stringify(path)} has a line break in it`);
  const kept = RECORD_FIELDS.filter((field) => !FILE_FIELDS.includes(field)).flatMap((field) => {
    const value = control.get(field);
    return value === undefined ? [] : [`${field}: ${value.replaceAll("\n", " ")}`];
  });
  return [...kept, `Filename: ${path}`, `Size: ${sizeBytes}`, `SHA256: ${sha256}`].join("\n");
}

function isWanted(stanza: ScannedStanza, options: EncodeOptions): boolean {
  const architecture = stanza.text(FIELD.architecture);
  // One without an architecture is kept here, to be refused by name.
  return architecture === options.architecture || architecture === "all" || architecture === "";
}

/** @returns the package's name */
function checkStanza(stanza: ScannedStanza, options: EncodeOptions): string {
  const name = stanza.text(FIELD.name);
  const refuse = (state: string): ComposerError => {
    const which = name === "" ? `the stanza at line ${stanza.line}` : `the package "${name}" (line ${stanza.line})`;
    return invalid(options, `${which} ${state}`);
  };
  for (const field of REQUIRED_FIELDS) {
    if (stanza.text(fieldNumber(field)) !== "") continue;
    const hint = field === "SHA256" ? "; indexes with only MD5 or SHA-1 are refused" : "";
    throw refuse(`has no "${field}"${hint}`);
  }
  if (stanza.repeated !== undefined) throw refuse(`has "${RECORD_FIELDS[stanza.repeated] ?? ""}" more than once`);
  if (stanza.maxBytes > MAX_STANZA_BYTES) throw refuse(`takes ${formatSize(stanza.maxBytes)}`);
  if (!NAME.test(name)) throw refuse("has a name that is none");
  if (!VERSION.test(stanza.text(FIELD.version))) throw refuse("has a version that is none");
  if (!SHA256.test(stanza.text(FIELD.sha256))) throw refuse("has a SHA256 that is not 64 hexadecimal digits");
  if (!isNumberUpTo(stanza.text(FIELD.size), MAX_PACKAGE_BYTES)) throw refuse("has an impossible Size");
  const installed = stanza.text(FIELD.installedSize);
  if (installed !== "" && !isNumberUpTo(installed, MAX_INSTALLED_KIB)) throw refuse("has an impossible Installed-Size");
  const path = stanza.text(FIELD.path);
  if (!isSafePath(path, options)) throw refuse(`has an unsafe Filename ${JSON.stringify(path.slice(0, 200))}`);
  return name;
}

function isNumberUpTo(text: string, limit: number): boolean {
  return /^[0-9]{1,15}$/.test(text) && Number(text) <= limit;
}

function isSafePath(path: string, { allowAbsolutePaths = false }: EncodeOptions): boolean {
  if (path.startsWith("/") && !allowAbsolutePaths) return false;

  return !/[\u0000-\u001f\u007f\\]/.test(path) && !path.endsWith("/") && !path.split("/").includes("..");
}

function providedBy(stanza: ScannedStanza, name: string, options: EncodeOptions): Set<string> {
  const text = stanza.text(FIELD.provides);
  if (text === "") return NOTHING;
  try {
    return new Set(parseProvides(text).map((provision) => provision.name));
  } catch (error) {
    throw invalid(options, `the package "${name}" (line ${stanza.line}) has wrong Provides: ${messageOf(error)}`);
  }
}

const NOTHING: Set<string> = new Set();

function invalid(options: EncodeOptions, state: string): ComposerError {
  return new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot read ${objectOf(options)}: ${state}`);
}

function tooLarge(options: EncodeOptions, state: string): ComposerError {
  return repositoryTooLarge(objectOf(options), state);
}

function objectOf({ origin }: EncodeOptions): string {
  return origin === undefined ? "a package index" : `the package index "${origin}"`;
}

import {
  ComposerError,
  type DigestAlgorithm,
  type FileDigest,
  isDigestAlgorithm,
  parseDigest,
} from "../../core/index.ts";
import { createByteSink } from "../compact-index/index.ts";
import { faultsOf } from "./metadata-text.ts";
import { isSafeBaseUrl, isSafeReference } from "./safe-path.ts";
import { createXmlScanner, type XmlScanner, type XmlVocabulary, XML_TAG } from "./xml-scanner.ts";

export interface Checksum {
  readonly algorithm: DigestAlgorithm;
  readonly hex: FileDigest;
}

/** A file that repomd.xml names. */
export interface RepomdFile {
  /** Appended as it is to the repository's address, or to `baseUrl`. */
  readonly path: string;
  /** Ends in `/`. */
  readonly baseUrl?: string;
  readonly checksum: Checksum;
  readonly sizeBytes?: number;
  /** Of the plain text, where they are given. */
  readonly openChecksum?: Checksum;
  readonly openSizeBytes?: number;
}

/** What repomd.xml says. */
export interface Repomd {
  /** Empty when absent. */
  readonly revision: string;
  /** The newest time among the files and, where it is a time, the revision; seconds since 1970. */
  readonly timestampSeconds?: number;
  /** Those that are used, by their type: `primary` is always there, `filelists` may be. */
  readonly files: ReadonlyMap<RepomdFileType, RepomdFile>;
}

/** The others (`other`, `group`, `updateinfo`, `modules`, `productid` …) are nobody's business here. */
export type RepomdFileType = (typeof USED_TYPES)[number];

const USED_TYPES = ["primary", "filelists"] as const;

const [REPOMD, REVISION, DATA, LOCATION, CHECKSUM, OPEN_CHECKSUM, SIZE, OPEN_SIZE, TIMESTAMP] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
];
const [TYPE, HREF, BASE] = [0, 1, 2];
const VOCABULARY: XmlVocabulary = {
  namespace: "http://linux.duke.edu/metadata/repo",
  elements: ["repomd", "revision", "data", "location", "checksum", "open-checksum", "size", "open-size", "timestamp"],
  attributes: ["type", "href", "xml:base"],
};

const MAX_FILES = 1000;
const MAX_FILE_BYTES = 16 * 1024 ** 3;
const MAX_TIME_SECONDS = 2 ** 33;
/** 2000-01-01: a revision below is a counter. */
const MIN_REVISION_SECONDS = 946_684_800;
const WEAK_ALGORITHMS: readonly string[] = ["md5", "sha", "sha1", "sha224"];

interface Entry {
  readonly type: RepomdFileType;
  location?: { readonly path: string; readonly baseUrl?: string };
  readonly values: Map<number, string>;
  readonly checksums: Map<number, Checksum>;
  weakAlgorithm?: string;
}

/**
 * Reads repomd.xml.
 *
 * Of files that are not used only the times count: what their digests and locations are doesn't matter.
 *
 * @param object what is read, for messages: `"http://…/repodata/repomd.xml"`
 * @throws {REPOSITORY_METADATA_INVALID} it is no such XML, has no primary metadata, a type twice or an unsafe location
 * @throws {REPOSITORY_WEAK_DIGEST} a file has no checksum but SHA-1 or MD5
 */
export function parseRepomd(text: string, object: string): Repomd {
  const bytes = Buffer.from(text, "utf8");
  const scanner = createXmlScanner(bytes, VOCABULARY, faultsOf(object), createByteSink(1024));
  if (scanner.next() !== XML_TAG.start || scanner.element() !== REPOMD) {
    throw scanner.fault("its root element is not <repomd>");
  }
  const files = new Map<RepomdFileType, RepomdFile>();
  let fileCount = 0;
  let revision: string | undefined;
  let newest = 0;
  while (scanner.next() === XML_TAG.start) {
    if (scanner.element() === REVISION) {
      if (revision !== undefined) throw scanner.fault("it has two revisions");
      revision = scanner.text().trim();
    } else if (scanner.element() === DATA) {
      fileCount += 1;
      if (fileCount > MAX_FILES) throw scanner.fault(`it has more than ${MAX_FILES} files`);
      const type = USED_TYPES.find((used) => used === scanner.attribute(TYPE));
      if (type === undefined) {
        newest = Math.max(newest, readUnusedTime(scanner));
        continue;
      }
      const entry = readEntry(scanner, type);
      if (files.has(type)) throw scanner.fault(`it has two files of the type ${shown(type)}`);
      files.set(type, fileOf(scanner, entry, object));
      newest = Math.max(newest, timeOf(entry.values.get(TIMESTAMP) ?? ""));
    } else {
      scanner.skip();
    }
  }
  if (scanner.next() !== XML_TAG.done) throw scanner.fault("something follows its root element");
  if (!files.has("primary")) throw scanner.fault("it has no primary metadata");
  const revisionTime = timeOf(revision ?? "");
  if (revisionTime >= MIN_REVISION_SECONDS) newest = Math.max(newest, revisionTime);
  return { revision: revision ?? "", ...(newest === 0 ? {} : { timestampSeconds: newest }), files };
}

/** 0 when there is none. */
function readUnusedTime(scanner: XmlScanner): number {
  let newest = 0;
  while (scanner.next() === XML_TAG.start) {
    if (scanner.element() === TIMESTAMP) newest = Math.max(newest, timeOf(scanner.text().trim()));
    else scanner.skip();
  }
  return newest;
}

function readEntry(scanner: XmlScanner, type: RepomdFileType): Entry {
  const entry: Entry = { type, values: new Map(), checksums: new Map() };
  while (scanner.next() === XML_TAG.start) {
    const element = scanner.element();
    if (element === LOCATION) {
      if (entry.location !== undefined) throw scanner.fault(`the type ${shown(entry.type)} has two locations`);
      entry.location = readLocation(scanner);
    } else if (element === CHECKSUM || element === OPEN_CHECKSUM) {
      readChecksum(scanner, element, entry);
    } else if (element === SIZE || element === OPEN_SIZE || element === TIMESTAMP) {
      if (entry.values.has(element)) throw scanner.fault(`the type ${shown(entry.type)} has a value twice`);
      entry.values.set(element, scanner.text().trim());
    } else {
      scanner.skip();
    }
  }
  return entry;
}

function readLocation(scanner: XmlScanner): { readonly path: string; readonly baseUrl?: string } {
  const path = scanner.attribute(HREF) ?? "";
  const base = scanner.attribute(BASE) ?? "";
  if (!isSafeReference(path)) throw scanner.fault(`the location ${shown(path)} is missing or unsafe`);
  if (base !== "" && !isSafeBaseUrl(base)) throw scanner.fault(`the xml:base ${shown(base)} is unsafe`);
  scanner.skip();
  return base === "" ? { path } : { path, baseUrl: base.endsWith("/") ? base : `${base}/` };
}

/** Several checksums of different types may be there; the strongest counts. */
function readChecksum(scanner: XmlScanner, element: number, entry: Entry): void {
  const type = (scanner.attribute(TYPE) ?? "").toLowerCase();
  const text = scanner.text().trim();
  if (WEAK_ALGORITHMS.includes(type)) {
    if (element === CHECKSUM) entry.weakAlgorithm = type;
    return;
  }
  if (!isDigestAlgorithm(type)) return;
  const hex = parseDigest(text, type);
  if (hex === undefined) throw scanner.fault(`the ${type} checksum of the type ${shown(entry.type)} is none`);
  const before = entry.checksums.get(element);
  if (before?.algorithm === type) throw scanner.fault(`the type ${shown(entry.type)} has two ${type} checksums`);
  // Of these algorithms the longer digest is the stronger one.
  if (before === undefined || hex.length > before.hex.length) entry.checksums.set(element, { algorithm: type, hex });
}

function fileOf(scanner: XmlScanner, entry: Entry, object: string): RepomdFile {
  const { type, location, checksums, values, weakAlgorithm } = entry;
  if (location === undefined) throw scanner.fault(`the type ${shown(type)} has no location`);
  const [checksum, openChecksum] = [checksums.get(CHECKSUM), checksums.get(OPEN_CHECKSUM)];
  if (checksum === undefined && weakAlgorithm !== undefined) {
    const state = `the type ${shown(type)} has only a checksum of type "${weakAlgorithm}"`;
    throw new ComposerError("REPOSITORY_WEAK_DIGEST", `Cannot read ${object}: ${state}`);
  }
  if (checksum === undefined) throw scanner.fault(`the type ${shown(type)} has no sha256, sha384 or sha512 checksum`);
  const size = (element: number): number | undefined => {
    const text = values.get(element);
    if (text === undefined) return undefined;
    if (/^[0-9]{1,15}$/.test(text) && Number(text) <= MAX_FILE_BYTES) return Number(text);
    throw scanner.fault(`the type ${shown(type)} has an impossible size`);
  };
  const [sizeBytes, openSizeBytes] = [size(SIZE), size(OPEN_SIZE)];
  return {
    ...location,
    checksum,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(openChecksum === undefined ? {} : { openChecksum }),
    ...(openSizeBytes === undefined ? {} : { openSizeBytes }),
  };
}

/** 0 when it is none; old programs wrote fractions. */
function timeOf(text: string): number {
  const [, seconds = ""] = /^([0-9]{1,12})(?:\.[0-9]*)?$/.exec(text) ?? [];
  return Number(seconds) <= MAX_TIME_SECONDS ? Number(seconds) : 0;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

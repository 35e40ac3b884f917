import { ComposerError, type Sha256Hex, formatSize, parseSha256 } from "../../core/index.ts";
import { type Stanza, parseStanza } from "../deb/index.ts";

/** A file that a Release lists. */
export interface ReleaseFile {
  readonly sizeBytes: number;
  readonly sha256: Sha256Hex;
}

/** What a Release file says about its suite. */
export interface Release {
  readonly suite: string | undefined;
  readonly codename: string | undefined;
  readonly dateSeconds: number;
  /** The second from which on the metadata must not be used any more. */
  readonly validUntilSeconds: number | undefined;
  /** Files are also offered under names that are their digests. */
  readonly acquireByHash: boolean;
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  /** True when packages for `all` have an index of their own and are not in those of the architectures. */
  readonly separateAll: boolean;
  /** By path below the Release file. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

const MAX_RELEASE_BYTES = 16 * 1024 * 1024;
/** One for each file and kind of digest: Debian's has 20,000. */
const MAX_LINES = 500_000;
const MAX_FILES = 200_000;
const MAX_FILE_BYTES = 1024 ** 4;

/**
 * Reads the text of a Release file that was verified before.
 *
 * @param object what is read, for messages: `"http://…/InRelease"`
 * @throws {REPOSITORY_WEAK_DIGEST} it lists its files with MD5 or SHA-1 only
 * @throws {REPOSITORY_METADATA_INVALID} it is no Release file
 * @see Debian wiki, "DebianRepository/Format", section "Release files"
 */
export function parseRelease(text: string, object: string): Release {
  if (text.length > MAX_RELEASE_BYTES) throw invalid(object, `it has more than ${formatSize(MAX_RELEASE_BYTES)}`);
  const stanza = parseStanza(text, { object, invalid: "REPOSITORY_METADATA_INVALID", maxLines: MAX_LINES });
  const dateSeconds = dateOf(stanza, "Date", object);
  if (dateSeconds === undefined) throw invalid(object, 'it has no "Date"');
  const noAll = wordsOf(stanza, "No-Support-for-Architecture-all");
  const architectures = wordsOf(stanza, "Architectures");
  return {
    suite: stanza.get("Suite"),
    codename: stanza.get("Codename"),
    dateSeconds,
    validUntilSeconds: dateOf(stanza, "Valid-Until", object),
    acquireByHash: stanza.get("Acquire-By-Hash") === "yes",
    components: wordsOf(stanza, "Components"),
    architectures,
    separateAll: architectures.includes("all") && !noAll.includes("Packages"),
    files: filesOf(stanza, object),
  };
}

function filesOf(stanza: Stanza, object: string): ReadonlyMap<string, ReleaseFile> {
  const table = stanza.get("SHA256");
  if (table === undefined) {
    const weak = ["MD5Sum", "SHA1"].filter((field) => stanza.get(field) !== undefined);
    if (weak.length === 0) throw invalid(object, 'it has no "SHA256"');
    throw new ComposerError(
      "REPOSITORY_WEAK_DIGEST",
      `Cannot use ${object}: it lists its files with ${weak.join(" and ")} only, which can be forged`,
      { hint: "Ask the repository's maintainer to add SHA256" },
    );
  }
  const files = new Map<string, ReleaseFile>();
  for (const line of table.split("\n")) {
    if (line.trim() === "") continue;
    if (files.size >= MAX_FILES) throw invalid(object, `it lists more than ${MAX_FILES} files`);
    const [digest = "", size = "", file = "", ...rest] = line.trim().split(/[ \t]+/);
    const sha256 = parseSha256(digest);
    const sizeBytes = /^[0-9]{1,15}$/.test(size) ? Number(size) : Number.NaN;
    if (sha256 === undefined || !(sizeBytes <= MAX_FILE_BYTES) || rest.length > 0 || !isSafePath(file)) {
      throw invalid(object, `its line ${JSON.stringify(line.slice(0, 200))} is no digest, size and path`);
    }
    const known = files.get(file);
    if (known !== undefined && (known.sha256 !== sha256 || known.sizeBytes !== sizeBytes)) {
      throw invalid(object, `it lists ${JSON.stringify(file)} twice with different digests`);
    }
    files.set(file, { sizeBytes, sha256 });
  }
  return files;
}

function isSafePath(file: string): boolean {
  if (file === "" || file.startsWith("/")) return false;
  return !/[\u0000-\u001f\u007f\\?#%]/.test(file) && file.split("/").every((part) => part !== ".." && part !== "");
}

function wordsOf(stanza: Stanza, field: string): string[] {
  return (stanza.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DATE = /^(?:[A-Z][a-z]{2}, +)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{1,2}):(\d{2}):(\d{2}) (?:UTC|GMT|Z|\+0000)$/;

/** Seconds since 1970; undefined when the field is absent. Only universal time is accepted, as apt does. */
function dateOf(stanza: Stanza, field: string, object: string): number | undefined {
  const text = stanza.get(field);
  if (text === undefined) return undefined;
  const [, day, month = "", year, hour, minute, second] = DATE.exec(text) ?? [];
  const monthNumber = MONTHS.indexOf(month);
  const parts = [year, monthNumber, day, hour, minute, second].map(Number);
  const [y = 0, mon = 0, d = 0, h = 0, min = 0, s = 0] = parts;
  const milliseconds = Date.UTC(y, mon, d, h, min, s);
  const isReal = monthNumber >= 0 && new Date(milliseconds).getUTCDate() === d && h < 24 && min < 60 && s < 61;
  if (!isReal)
    throw invalid(object, `its "${field}" ${JSON.stringify(text.slice(0, 100))} is no date in universal time`);
  return milliseconds / 1000;
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot read ${object}: ${state}`);
}

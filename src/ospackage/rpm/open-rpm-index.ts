import { ComposerError } from "../../core/index.ts";
import {
  type HashLists,
  hashOfText,
  keysOf,
  postingsFor,
  recordsWithHash,
  splitIndex,
} from "../compact-index/index.ts";
import { digestOf } from "../indexed-package.ts";
import { parseRpmRecord, RPM_INDEX, RPM_PIECE } from "./rpm-record.ts";
import type { RpmIndex, RpmPackage } from "./rpm-index.ts";

/**
 * Opens what `encodeRpmIndex` made; packages are parsed when they are first asked for, each only once.
 *
 * @throws {REPOSITORY_METADATA_INVALID} the bytes are no such index, or of another version of this program; also
 * later, by the methods, when a record is damaged
 */
export function openRpmIndex(bytes: Uint8Array): RpmIndex {
  const pieces = splitIndex(bytes, RPM_INDEX);
  if (pieces === undefined) throw damaged();
  const { records } = pieces;
  const [recordEnds, fileEnds] = [pieces.words(RPM_PIECE.recordEnds), pieces.words(RPM_PIECE.fileEnds)];
  const names = pieces.lists(RPM_PIECE.names);
  const files = pieces.text(RPM_PIECE.files);
  const [provided, obsoleted] = [pieces.hashes(RPM_PIECE.provided), pieces.hashes(RPM_PIECE.obsoleted)];
  const [paths, digests] = [pieces.hashes(RPM_PIECE.paths), pieces.hashes(RPM_PIECE.digests)];
  const packages: (RpmPackage | undefined)[] = [];

  const packageAt = (number: number): RpmPackage => {
    const known = packages[number];
    if (known !== undefined) return known;
    const start = number === 0 ? 0 : recordEnds[number - 1];
    const parsed = parseRpmRecord(records.toString("utf8", start, recordEnds[number]));
    if (parsed === undefined) throw damaged();
    packages[number] = parsed;
    return parsed;
  };
  /** Hashes may be equal by chance: `has` asks the package. */
  const lookup = (lists: HashLists, text: string, has: (found: RpmPackage, number: number) => boolean) => {
    if (text === "") return [];
    return Array.from(recordsWithHash(lists, hashOfText(text))).flatMap((number) => {
      const found = packageAt(number);
      return has(found, number) ? [found] : [];
    });
  };
  const hasFile = (number: number, path: string): boolean => {
    const start = number === 0 ? 0 : fileEnds[number - 1];
    return `\n${files.toString("utf8", start, fileEnds[number])}`.includes(`\n${path}\n`);
  };

  return {
    packageCount: recordEnds.length,
    names: () => keysOf(names),
    byName: memoized((name) => Array.from(postingsFor(names, name), packageAt)),
    providersOf: memoized((name) => lookup(provided, name, ({ provides }) => hasEntryOf(provides, name))),
    obsoletersOf: memoized((name) => lookup(obsoleted, name, ({ obsoletes }) => hasEntryOf(obsoletes, name))),
    ownersOf: memoized((path) => lookup(paths, path, (_, number) => hasFile(number, path))),
    knowsOwnersOf: () => false,
    withDigest: (digest) => lookup(digests, digest, (found) => digestOf(found) === digest),
    neededPaths: () =>
      pieces
        .text(RPM_PIECE.neededPaths)
        .toString("utf8")
        .split("\n")
        .filter((path) => path !== ""),
  };
}

/** Whether one of the entries of a relation is for a name. */
function hasEntryOf(entries: string, name: string): boolean {
  for (let at = entries.indexOf(name); at !== -1; at = entries.indexOf(name, at + 1)) {
    const end = at + name.length;
    const begins = at === 0 || entries[at - 1] === "\t";
    if (begins && (end === entries.length || entries[end] === "\t" || entries[end] === " ")) return true;
  }
  return false;
}

function memoized<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = compute(key);
    known.set(key, value);
    return value;
  };
}

function damaged(): ComposerError {
  return new ComposerError("REPOSITORY_METADATA_INVALID", "Cannot open a stored package index: it is damaged", {
    hint: 'Remove "repositories" in the cache directory and try again',
  });
}

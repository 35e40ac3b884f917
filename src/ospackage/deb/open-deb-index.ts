import { ComposerError } from "../../core/index.ts";
import { keysOf, postingsFor, splitIndex } from "../compact-index/index.ts";
import type { DebIndex, DebPackage } from "./deb-index.ts";
import { DEB_INDEX, DEB_PIECE } from "./index-layout.ts";
import { parseRecord } from "./index-record.ts";

/**
 * Opens what `encodeDebIndex` made; packages are parsed when they are first asked for, each only once.
 *
 * @throws {REPOSITORY_METADATA_INVALID} the bytes are no such index, or of another version of this program; also
 * later, by the methods, when a record is damaged
 */
export function openDebIndex(bytes: Uint8Array): DebIndex {
  const pieces = splitIndex(bytes, DEB_INDEX);
  if (pieces === undefined) throw damaged();
  const { records } = pieces;
  const recordEnds = pieces.words(DEB_PIECE.recordEnds);
  const [names, provided] = [pieces.lists(DEB_PIECE.names), pieces.lists(DEB_PIECE.provided)];
  const [essential, required] = [pieces.words(DEB_PIECE.essential), pieces.words(DEB_PIECE.required)];
  const packages: (DebPackage | undefined)[] = [];

  const packageAt = (number: number): DebPackage => {
    const known = packages[number];
    if (known !== undefined) return known;
    const record = records.toString("utf8", number === 0 ? 0 : recordEnds[number - 1], recordEnds[number]);
    const parsed = parseRecord(record);
    if (parsed === undefined) throw damaged();
    packages[number] = parsed;
    return parsed;
  };
  const packagesAt = (numbers: Uint32Array): readonly DebPackage[] => Array.from(numbers, packageAt);

  return {
    packageCount: recordEnds.length,
    names: () => keysOf(names),
    byName: memoized((name) => packagesAt(postingsFor(names, name))),
    providersOf: memoized((name) => packagesAt(postingsFor(provided, name))),
    essential: () => packagesAt(essential),
    required: () => packagesAt(required),
  };
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

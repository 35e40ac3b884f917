import { type ByteSink, hashOfBytes, type HashListBuilder } from "../compact-index/index.ts";
import { PRIMARY_ATTRIBUTE as ATTRIBUTE, PRIMARY_ELEMENT as ELEMENT } from "./primary-vocabulary.ts";
import type { PrimaryFields } from "./primary-fields.ts";
import { PRE_MARK, RELATION_LETTERS, type RpmRelation } from "./rpm-record.ts";
import { type XmlScanner, XML_TAG } from "./xml-scanner.ts";

export interface RelationTarget {
  /** Gets a line: the letter, and the entries with tabs between. */
  readonly records: ByteSink;
  /** Gets the names of the entries. */
  readonly names: HashListBuilder | undefined;
  readonly neededPaths: Set<string>;
  /** Of the package: told of a version that is none. */
  readonly fields: PrimaryFields;
}

/** By the two letters of the flags, as {@link XmlScanner.shortAttribute} gives them. */
const OPERATORS: ReadonlyMap<number, string> = new Map([
  [0x4c54, " < "],
  [0x4c45, " <= "],
  [0x4551, " = "],
  [0x4745, " >= "],
  [0x4754, " > "],
]);
/** "1" and "true". */
const TRUE_VALUES: readonly number[] = [0x31, 0x74727565];
const [TAB, NEWLINE, BLANK, PARENTHESIS, SLASH, COLON, DASH, DELETE] = [9, 10, 0x20, 0x28, 0x2f, 0x3a, 0x2d, 0x7f];
const PRE_BYTE = PRE_MARK.charCodeAt(0);
const MAX_NAME_BYTES = 16 * 1024;
const MAX_VERSION_BYTES = 1024;

/** Copies the element of a relation, whose start tag was read, as a line of the record of package `number`. */
export function copyRelation(scanner: XmlScanner, relation: RpmRelation, number: number, target: RelationTarget): void {
  const { records, names, neededPaths, fields } = target;
  records.text(RELATION_LETTERS[relation]);
  let isFirst = true;
  while (scanner.next() === XML_TAG.start) {
    if (scanner.element() === ELEMENT["rpm:entry"]) {
      if (!isFirst) records.byte(TAB);
      isFirst = false;
      if (relation === "requires" && TRUE_VALUES.includes(scanner.shortAttribute(ATTRIBUTE.pre)))
        records.byte(PRE_BYTE);
      const start = copyName(scanner, records);
      names?.add(hashOfBytes(records.bytes, start, records.end), number);
      addPaths(records, start, neededPaths);
      copyVersion(scanner, records, fields);
    }
    scanner.skip();
  }
  records.byte(NEWLINE);
}

/** Returns where the name begins. */
function copyName(scanner: XmlScanner, records: ByteSink): number {
  if (!scanner.has(ATTRIBUTE.name)) throw scanner.fault("an entry of a relation has no name");
  const start = records.end;
  scanner.copyAttribute(ATTRIBUTE.name, records);
  const length = records.end - start;
  if (length === 0) throw scanner.fault("an entry of a relation has an empty name");
  if (length > MAX_NAME_BYTES) throw scanner.fault(`a name in a relation has ${length} bytes`);
  // Elsewhere a blank ends the name.
  if (records.bytes[start] !== PARENTHESIS && !hasNoBlank(records, start)) {
    const name = records.bytes.toString("utf8", start, Math.min(records.end, start + 100));
    throw scanner.fault(`the name ${JSON.stringify(name)} in a relation has a blank in it`);
  }
  return start;
}

function hasNoBlank({ bytes, end }: ByteSink, start: number): boolean {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === BLANK || bytes[at] === DELETE) return false;
  }
  return true;
}

/** Appends ` <op> [epoch:]version[-release]`; nothing for a relation to every version. */
function copyVersion(scanner: XmlScanner, records: ByteSink, fields: PrimaryFields): void {
  if (!scanner.has(ATTRIBUTE.flags) || !scanner.has(ATTRIBUTE.ver)) return;
  const operator = OPERATORS.get(scanner.shortAttribute(ATTRIBUTE.flags));
  if (operator === undefined) {
    const flags = (scanner.attribute(ATTRIBUTE.flags) ?? "").slice(0, 50);
    throw scanner.fault(`a relation has the unknown flags ${JSON.stringify(flags)}`);
  }
  const start = records.end;
  for (let index = 0; index < operator.length; index += 1) records.byte(operator.charCodeAt(index));
  const versionStart = records.end;
  copyEpoch(scanner, records);
  const upstreamStart = records.end;
  scanner.copyAttribute(ATTRIBUTE.ver, records);
  if (records.end === upstreamStart) {
    // As rpm does: no version is every version.
    records.end = start;
    return;
  }
  if (scanner.has(ATTRIBUTE.rel)) {
    const dash = records.end;
    records.byte(DASH);
    scanner.copyAttribute(ATTRIBUTE.rel, records);
    if (records.end === dash + 1) records.end = dash;
  }
  const length = records.end - versionStart;
  if (length > MAX_VERSION_BYTES) throw scanner.fault(`a version in a relation has ${length} bytes`);
  if (!hasNoBlank(records, versionStart)) {
    fields.wrongRelationVersion ??= records.bytes.toString("utf8", versionStart, records.end);
  }
}

function copyEpoch(scanner: XmlScanner, records: ByteSink): void {
  if (!scanner.has(ATTRIBUTE.epoch)) return;
  const start = records.end;
  scanner.copyAttribute(ATTRIBUTE.epoch, records);
  const length = records.end - start;
  if (length === 0 || (length === 1 && records.bytes[start] === 0x30)) {
    records.end = start;
    return;
  }
  for (let at = start; at < records.end; at += 1) {
    const byte = records.bytes[at] ?? 0;
    if (byte < 0x30 || byte > 0x39 || length > 10) throw scanner.fault("a relation has an epoch that is no number");
  }
  records.byte(COLON);
}

function addPaths({ bytes, end }: ByteSink, start: number, paths: Set<string>): void {
  if (bytes[start] === SLASH) {
    paths.add(bytes.toString("utf8", start, end));
  } else if (bytes[start] === PARENTHESIS) {
    const rich = bytes.toString("utf8", start, end);
    for (const [, path = ""] of rich.matchAll(/[ (](\/[^ ()]+)/g)) paths.add(path);
  }
}

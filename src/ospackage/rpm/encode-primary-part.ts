import { type ComposerError } from "../../core/index.ts";
import type { Job } from "../../host/index.ts";
import {
  addPosting,
  createByteSink,
  createHashLists,
  createIndexWriter,
  hashOfBytes,
  hashOfText,
  MAX_RECORDS,
  piecesOfHashes,
  piecesOfLists,
  postingListsOf,
} from "../compact-index/index.ts";
import { type FaultAt, faultsOf, type MetadataText } from "./metadata-text.ts";
import {
  noFields,
  type PrimaryFields,
  readPrimaryField,
  recordHead,
  requireSafeLocation,
  whyUnusable,
} from "./primary-fields.ts";
import { copyRelation } from "./primary-relation.ts";
import {
  PRIMARY_ATTRIBUTE as ATTRIBUTE,
  PRIMARY_ELEMENT as ELEMENT,
  PRIMARY_VOCABULARY,
} from "./primary-vocabulary.ts";
import { RPM_INDEX, RPM_RELATIONS, type RpmRelation } from "./rpm-record.ts";
import { createXmlScanner, type XmlScanner, XML_TAG } from "./xml-scanner.ts";

/** Whole packages of primary metadata. */
export interface PrimaryPart extends MetadataText {
  readonly origin: string | undefined;
}

/** Packages that metadata list but that can't be fetched or named. */
export interface LeftOutPackages {
  readonly count: number;
  /** Why the first of them is: `the package "x" has …`. */
  readonly first: string;
}

export interface EncodedPart {
  /** Of the packages of this part alone. */
  readonly index: Uint8Array;
  /** Packages in the part, those of source code included. */
  readonly seen: number;
  readonly leftOut?: LeftOutPackages;
  /** How many there are in all parts; the first one says it. */
  readonly announced: number | undefined;
  /** The byte of the metadata at which the part ends. */
  readonly end: number;
}

const MAX_RECORD_BYTES = 16 * 1024 ** 2;
const MAX_PATH_BYTES = 4096;
const [NEWLINE, SLASH] = [0x0a, 0x2f];

/** Indexes a part of primary metadata. @throws as `encodeRpmIndex` */
export const ENCODE_PRIMARY_PART: Job<PrimaryPart, EncodedPart> = {
  name: "encode-primary-part",
  run: encodePrimaryPart,
};

/** @throws as `encodeRpmIndex` */
export function encodePrimaryPart({ xml, offset, isFirst, origin }: PrimaryPart): EncodedPart {
  const faultAt = faultsInPrimary(origin);
  const writer = createIndexWriter(RPM_INDEX, xml.length);
  const { records, recordsStart } = writer;
  const files = createByteSink(1024 ** 2);
  const scratch = createByteSink(4096);
  const [recordEnds, fileEnds]: [number[], number[]] = [[], []];
  const names = new Map<string, number[]>();
  const [provided, obsoleted, paths, digests] = [
    createHashLists(),
    createHashLists(),
    createHashLists(),
    createHashLists(),
  ];
  const neededPaths = new Set<string>();

  const scanner = createXmlScanner(xml, PRIMARY_VOCABULARY, (state, at) => faultAt(state, offset + at), scratch);
  if (scanner.next() !== XML_TAG.start || scanner.element() !== ELEMENT.metadata) {
    throw scanner.fault("its root element is not <metadata>");
  }
  const announced = isFirst ? announcedCount(scanner) : undefined;
  let seen = 0;
  let leftOut: LeftOutPackages | undefined;
  while (scanner.next() === XML_TAG.start) {
    if (scanner.element() !== ELEMENT.package) {
      scanner.skip();
      continue;
    }
    seen += 1;
    if (seen > (announced ?? MAX_RECORDS))
      throw tooManyPackages(announced ?? MAX_RECORDS, offset + xml.length, faultAt);
    if (scanner.attribute(ATTRIBUTE.type) === "rpm") addPackage();
    else scanner.skip();
  }
  // Whatever follows the root element has to be well-formed.
  while (scanner.next() !== XML_TAG.done);
  const index = writer.finish([
    Uint32Array.from(recordEnds),
    ...piecesOfLists(postingListsOf(names)),
    ...[provided, obsoleted, paths, digests].flatMap((list) => piecesOfHashes(list.content())),
    files.bytes.subarray(0, files.end),
    Uint32Array.from(fileEnds),
    Buffer.from([...neededPaths].sort().join("\n"), "utf8"),
  ]);
  return { index, seen, announced, end: offset + xml.length, ...(leftOut === undefined ? {} : { leftOut }) };

  function addPackage(): void {
    const number = recordEnds.length;
    const before = [records.end, files.end, provided.length, obsoleted.length, paths.length] as const;
    const fields = noFields();
    while (scanner.next() === XML_TAG.start) {
      if (scanner.element() === ELEMENT.format) addFormat(fields, number);
      else readPrimaryField(scanner, fields);
      if (records.end - before[0] + files.end - before[1] > MAX_RECORD_BYTES) {
        throw scanner.fault(`the package "${fields.name ?? ""}" takes too much`);
      }
    }
    const { name = "", architecture } = fields;
    const isSource = architecture === "src" || architecture === "nosrc";
    const head = isSource ? "" : recordHead(fields, scanner);
    const reason = isSource ? undefined : whyUnusable(fields);
    if (reason !== undefined) leftOut = addLeftOut(leftOut, { count: 1, first: reason });
    else if (!isSource) requireSafeLocation(fields, scanner);
    if (isSource || reason !== undefined) {
      records.end = before[0];
      files.end = before[1];
      provided.truncate(before[2]);
      obsoleted.truncate(before[3]);
      paths.truncate(before[4]);
      return;
    }
    records.text(head);
    addPosting(names, name, number);
    digests.add(hashOfText((fields.checksum ?? "").toLowerCase()), number);
    recordEnds.push(records.end - recordsStart);
    fileEnds.push(files.end);
  }

  function addFormat(fields: PrimaryFields, number: number): void {
    const relations = new Set<RpmRelation>();
    while (scanner.next() === XML_TAG.start) {
      const element = scanner.element();
      const relation = RELATION_ELEMENTS[element];
      if (element === ELEMENT.file) {
        addFile(number);
      } else if (relation === undefined) {
        readPrimaryField(scanner, fields);
      } else {
        if (relations.has(relation))
          throw scanner.fault(`the package "${fields.name ?? ""}" has its ${relation} twice`);
        relations.add(relation);
        const names = relation === "provides" ? provided : relation === "obsoletes" ? obsoleted : undefined;
        copyRelation(scanner, relation, number, { records, names, neededPaths, fields });
      }
    }
  }

  function addFile(number: number): void {
    const start = files.end;
    scanner.copyText(files);
    const length = files.end - start;
    if (files.bytes[start] !== SLASH || length === 0 || length > MAX_PATH_BYTES) {
      throw scanner.fault("a file of a package has a path that is not absolute, or too long");
    }
    paths.add(hashOfBytes(files.bytes, start, files.end), number);
    files.byte(NEWLINE);
  }
}

function announcedCount(scanner: XmlScanner): number {
  const text = scanner.attribute(ATTRIBUTE.packages) ?? "";
  const count = /^[0-9]{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count < MAX_RECORDS)) throw scanner.fault("it does not say how many packages it has, or too many");
  return count;
}

/** The sum of those of two parts, in their order. */
export function addLeftOut(before: LeftOutPackages | undefined, { count, first }: LeftOutPackages): LeftOutPackages {
  return before === undefined ? { count, first } : { count: before.count + count, first: before.first };
}

/** By the number of the element. */
const RELATION_ELEMENTS: readonly (RpmRelation | undefined)[] = PRIMARY_VOCABULARY.elements.map((name) => {
  return RPM_RELATIONS.find((relation) => name === `rpm:${relation}`);
});

/** @param origin the address of the metadata */
export function faultsInPrimary(origin: string | undefined): FaultAt {
  return faultsOf(primaryObject(origin));
}

/** What messages call the metadata. */
export function primaryObject(origin: string | undefined): string {
  return origin === undefined ? "primary metadata" : `the primary metadata "${origin}"`;
}

export function tooManyPackages(announced: number, offset: number, faultAt: FaultAt): ComposerError {
  return faultAt(`it has more packages than the ${announced} that it announces`, offset);
}

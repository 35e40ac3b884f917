import { formatSize } from "../../core/index.ts";
import {
  addPosting,
  createByteSink,
  createHashLists,
  createIndexWriter,
  hashOfBytes,
  hashOfText,
  MAX_RECORDS,
  partsOfLists,
  postingListsOf,
} from "../compact-index/index.ts";
import { type FaultAt, faultsOf, type MetadataText, metadataTexts } from "./metadata-text.ts";
import { noFields, type PrimaryFields, readPrimaryField, recordHead } from "./primary-fields.ts";
import { copyRelation } from "./primary-relation.ts";
import {
  PRIMARY_ATTRIBUTE as ATTRIBUTE,
  PRIMARY_ELEMENT as ELEMENT,
  PRIMARY_VOCABULARY,
} from "./primary-vocabulary.ts";
import { RPM_INDEX, RPM_RELATIONS, type RpmRelation } from "./rpm-record.ts";
import { createXmlScanner, type XmlScanner, XML_TAG } from "./xml-scanner.ts";

export interface RpmIndexOptions {
  /** What is read, for messages: the address of the metadata. */
  readonly origin?: string;
  /** How large the plain text is, where it is known before: saves memory. */
  readonly expectedBytes?: number;
}

const MAX_TEXT_BYTES = 1024 ** 3;
const MAX_RECORD_BYTES = 16 * 1024 ** 2;
const MAX_PATH_BYTES = 4096;
const DEFAULT_EXPECTED_BYTES = 64 * 1024 ** 2;
const [NEWLINE, SLASH] = [0x0a, 0x2f];

/**
 * Makes the compact form of `primary.xml`, which `openRpmIndex` opens in a few milliseconds.
 *
 * Packages of source code are left out.
 *
 * @param primary the plain text, whole or as a stream: then only a few MiB of it are in memory at a time
 * @returns equal bytes for equal text
 * @throws {REPOSITORY_METADATA_INVALID} it is no such XML, lacks something, or has impossible sizes or unsafe paths
 * @throws {REPOSITORY_WEAK_DIGEST} a package has no checksum but SHA-1 or MD5
 * @see https://github.com/rpm-software-management/createrepo_c/tree/master/doc
 */
export function encodeRpmIndex(primary: Uint8Array, options: RpmIndexOptions = {}): Uint8Array {
  const encoder = createEncoder({ expectedBytes: primary.length, ...options });
  encoder.add({ xml: primary, offset: 0, isFirst: true });
  return encoder.finish();
}

/** As {@link encodeRpmIndex}, from a stream. */
export async function encodeRpmIndexFrom(
  primary: AsyncIterable<Uint8Array>,
  options: RpmIndexOptions = {},
): Promise<Uint8Array> {
  const encoder = createEncoder(options);
  for await (const text of metadataTexts(primary, "metadata", encoder.faultAt)) encoder.add(text);
  return encoder.finish();
}

interface Encoder {
  readonly faultAt: FaultAt;
  add(text: MetadataText): void;
  finish(): Uint8Array;
}

function createEncoder({ origin, expectedBytes = DEFAULT_EXPECTED_BYTES }: RpmIndexOptions): Encoder {
  const faultAt = faultsOf(origin === undefined ? "primary metadata" : `the primary metadata "${origin}"`);
  // Records are shorter than the text; room that is not used takes no memory.
  const writer = createIndexWriter(RPM_INDEX, Math.min(expectedBytes, MAX_TEXT_BYTES));
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
  let [seen, announced] = [0, 0];

  function add({ xml, offset, isFirst }: MetadataText): void {
    const textFault: FaultAt = (state, at) => faultAt(state, offset + at);
    if (offset + xml.length > MAX_TEXT_BYTES) throw faultAt(`it has more than ${formatSize(MAX_TEXT_BYTES)}`, offset);
    const scanner = createXmlScanner(xml, PRIMARY_VOCABULARY, textFault, scratch);
    if (scanner.next() !== XML_TAG.start || scanner.element() !== ELEMENT.metadata) {
      throw scanner.fault("its root element is not <metadata>");
    }
    if (isFirst) announced = announcedCount(scanner);
    while (scanner.next() === XML_TAG.start) {
      if (scanner.element() !== ELEMENT.package) {
        scanner.skip();
        continue;
      }
      seen += 1;
      if (seen > announced) break;
      if (scanner.attribute(ATTRIBUTE.type) === "rpm") addPackage(scanner);
      else scanner.skip();
    }
    if (seen > announced) throw scanner.fault(`it has more packages than the ${announced} that it announces`);
    // Whatever follows the root element has to be well-formed.
    while (scanner.next() !== XML_TAG.done);
  }

  function addPackage(scanner: XmlScanner): void {
    const number = recordEnds.length;
    const before = [records.end, files.end, provided.length, obsoleted.length, paths.length] as const;
    const fields = noFields();
    while (scanner.next() === XML_TAG.start) {
      if (scanner.element() === ELEMENT.format) addFormat(scanner, fields, number);
      else readPrimaryField(scanner, fields);
      if (records.end - before[0] + files.end - before[1] > MAX_RECORD_BYTES) {
        throw scanner.fault(`the package "${fields.name ?? ""}" takes too much`);
      }
    }
    const { name = "", architecture } = fields;
    if (architecture === "src" || architecture === "nosrc") {
      records.end = before[0];
      files.end = before[1];
      provided.truncate(before[2]);
      obsoleted.truncate(before[3]);
      paths.truncate(before[4]);
      return;
    }
    records.text(recordHead(fields, scanner));
    addPosting(names, name, number);
    digests.add(hashOfText((fields.checksum ?? "").toLowerCase()), number);
    recordEnds.push(records.end - recordsStart);
    fileEnds.push(files.end);
  }

  function addFormat(scanner: XmlScanner, fields: PrimaryFields, number: number): void {
    const relations = new Set<RpmRelation>();
    while (scanner.next() === XML_TAG.start) {
      const element = scanner.element();
      const relation = RELATION_ELEMENTS[element];
      if (element === ELEMENT.file) {
        addFile(scanner, number);
      } else if (relation === undefined) {
        readPrimaryField(scanner, fields);
      } else {
        if (relations.has(relation))
          throw scanner.fault(`the package "${fields.name ?? ""}" has its ${relation} twice`);
        relations.add(relation);
        const names = relation === "provides" ? provided : relation === "obsoletes" ? obsoleted : undefined;
        copyRelation(scanner, relation, number, { records, names, neededPaths });
      }
    }
  }

  function addFile(scanner: XmlScanner, number: number): void {
    const start = files.end;
    scanner.copyText(files);
    const length = files.end - start;
    if (files.bytes[start] !== SLASH || length === 0 || length > MAX_PATH_BYTES) {
      throw scanner.fault("a file of a package has a path that is not absolute, or too long");
    }
    paths.add(hashOfBytes(files.bytes, start, files.end), number);
    files.byte(NEWLINE);
  }

  function finish(): Uint8Array {
    if (seen !== announced) throw faultAt(`it announces ${announced} packages and has ${seen}`, 0);
    const lists = [provided, obsoleted, paths, digests].flatMap((list) => {
      const content = list.content();
      return [content.hashes, content.records];
    });
    return writer.finish([
      Uint32Array.from(recordEnds),
      ...partsOfLists(postingListsOf(names)),
      ...lists,
      files.bytes.subarray(0, files.end),
      Uint32Array.from(fileEnds),
      Buffer.from([...neededPaths].sort().join("\n"), "utf8"),
    ]);
  }

  return { faultAt, add, finish };
}

function announcedCount(scanner: XmlScanner): number {
  const text = scanner.attribute(ATTRIBUTE.packages) ?? "";
  const count = /^[0-9]{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count < MAX_RECORDS)) throw scanner.fault("it does not say how many packages it has, or too many");
  return count;
}

/** By the number of the element. */
const RELATION_ELEMENTS: readonly (RpmRelation | undefined)[] = PRIMARY_VOCABULARY.elements.map((name) => {
  return RPM_RELATIONS.find((relation) => name === `rpm:${relation}`);
});

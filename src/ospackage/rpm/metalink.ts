import { isDigestAlgorithm, parseDigest } from "../../core/index.ts";
import { createByteSink } from "../compact-index/index.ts";
import { faultsOf } from "./metadata-text.ts";
import type { Checksum } from "./repomd.ts";
import { createXmlScanner, type XmlScanner, type XmlVocabulary, XML_TAG } from "./xml-scanner.ts";

/** What a metalink says of `repomd.xml`. */
export interface Metalink {
  /** Addresses of the file, the preferred ones first; nothing is known of them yet. */
  readonly urls: readonly string[];
  /** One checksum for each version that mirrors may have, the newest first; empty when none is strong. */
  readonly versions: readonly Checksum[];
}

const [METALINK, FILES, FILE, RESOURCES, URL_ELEMENT, VERIFICATION, HASH, ALTERNATES, ALTERNATE] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
];
const [NAME, PREFERENCE, TYPE] = [0, 1, 2];
const VOCABULARY: XmlVocabulary = {
  namespace: "http://www.metalinker.org/",
  elements: [
    "metalink",
    "files",
    "file",
    "resources",
    "url",
    "verification",
    "hash",
    "mm0:alternates",
    "mm0:alternate",
  ],
  attributes: ["name", "preference", "type"],
};
const MAX_VERSIONS = 100;

interface Found {
  readonly urls: { readonly url: string; readonly preference: number }[];
  readonly versions: Checksum[];
}

/**
 * Reads a metalink of `repomd.xml`, in the form 3.0 with the alternates of MirrorManager.
 *
 * MD5 and SHA-1 are passed over, and so are sizes, which the digests imply.
 *
 * @param object what is read, for messages: `the mirror list "http://…"`
 * @throws {REPOSITORY_METADATA_INVALID} it is no such XML, or is about other files
 * @see https://web.archive.org/web/2012/http://www.metalinker.org/Metalink_3.0_Spec.pdf
 */
export function parseMetalink(bytes: Uint8Array, object: string): Metalink {
  const scanner = createXmlScanner(bytes, VOCABULARY, faultsOf(object), createByteSink(1024));
  if (scanner.next() !== XML_TAG.start || scanner.element() !== METALINK) {
    throw scanner.fault("its root element is not <metalink>");
  }
  let found: Found | undefined;
  eachChild(scanner, (element) => {
    if (element !== FILES) return scanner.skip();
    eachChild(scanner, (child) => {
      if (child !== FILE || scanner.attribute(NAME) !== "repomd.xml") return scanner.skip();
      if (found !== undefined) throw scanner.fault('it has two files "repomd.xml"');
      found = readFile(scanner);
    });
  });
  if (scanner.next() !== XML_TAG.done) throw scanner.fault("something follows its root element");
  if (found === undefined) throw scanner.fault('it has no file "repomd.xml"');
  // The sort is stable: equals stay in their order.
  const urls = found.urls.sort((one, other) => other.preference - one.preference).map(({ url }) => url);
  return { urls, versions: found.versions };
}

function readFile(scanner: XmlScanner): Found {
  const found: Found = { urls: [], versions: [] };
  const newest: Checksum[] = [];
  eachChild(scanner, (element) => {
    if (element === VERIFICATION) {
      newest.push(...readVerification(scanner));
    } else if (element === RESOURCES) {
      eachChild(scanner, (child) => {
        if (child !== URL_ELEMENT) return scanner.skip();
        const preference = /^[0-9]{1,9}$/.exec(scanner.attribute(PREFERENCE) ?? "")?.[0] ?? "0";
        found.urls.push({ preference: Number(preference), url: scanner.text().trim() });
      });
    } else if (element === ALTERNATES) {
      eachChild(scanner, (child) => {
        if (child !== ALTERNATE) return scanner.skip();
        eachChild(scanner, (inner) => {
          if (inner === VERIFICATION) found.versions.push(...readVerification(scanner));
          else scanner.skip();
        });
        if (found.versions.length > MAX_VERSIONS) throw scanner.fault(`it has more than ${MAX_VERSIONS} alternates`);
      });
    } else {
      scanner.skip();
    }
  });
  // Without a digest of the newest version, old ones alone would pass.
  return newest.length === 0 ? { ...found, versions: [] } : { ...found, versions: [...newest, ...found.versions] };
}

/** The strongest checksum that is there. */
function readVerification(scanner: XmlScanner): readonly Checksum[] {
  let strongest: Checksum | undefined;
  eachChild(scanner, (element) => {
    if (element !== HASH) return scanner.skip();
    const type = (scanner.attribute(TYPE) ?? "").toLowerCase().replace(/^sha-/, "sha");
    const text = scanner.text().trim();
    if (!isDigestAlgorithm(type)) return;
    const hex = parseDigest(text, type);
    if (hex === undefined) throw scanner.fault(`a ${type} hash is none`);
    if (strongest === undefined || hex.length > strongest.hex.length) strongest = { algorithm: type, hex };
  });
  return strongest === undefined ? [] : [strongest];
}

/** @param read moves behind the end tag of the element whose start tag was read last */
function eachChild(scanner: XmlScanner, read: (element: number) => void): void {
  while (scanner.next() === XML_TAG.start) read(scanner.element());
}

import { compareCodeUnits, type FileDigest, parseFileDigest } from "../../core/index.ts";
import { createByteSink, hashOfBytes, hashOfText } from "../compact-index/index.ts";
import { faultsOf, metadataTexts } from "./metadata-text.ts";
import type { RpmIndex, RpmPackage } from "./rpm-index.ts";
import { createXmlScanner, type XmlVocabulary, XML_TAG } from "./xml-scanner.ts";

/** For each path that was asked for, the digests of the packages that have it; empty when none does. */
export type FileOwners = ReadonlyMap<string, readonly FileDigest[]>;

const ELEMENT = { filelists: 0, package: 1, file: 2 } as const;
const ATTRIBUTE = { pkgid: 0, packages: 1 } as const;
const VOCABULARY: XmlVocabulary = {
  namespace: "http://linux.duke.edu/metadata/filelists",
  elements: Object.keys(ELEMENT),
  attributes: Object.keys(ATTRIBUTE),
};

/**
 * Finds the owners of some paths in `filelists.xml`; memory stays at a few MiB however large that is.
 *
 *     const owners = await ownersFromFileLists(plainText, pathsWithoutOwner(indexes));
 *     const complete = withFileOwners(index, owners);
 *
 * @param fileLists the plain text as a stream
 * @throws {REPOSITORY_METADATA_INVALID} it is no such XML, or has another number of packages than it announces
 */
export async function ownersFromFileLists(
  fileLists: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  wantedPaths: Iterable<string>,
  { origin }: { readonly origin?: string } = {},
): Promise<FileOwners> {
  const faultAt = faultsOf(origin === undefined ? "file lists" : `the file lists "${origin}"`);
  const owners = new Map<string, Set<FileDigest>>(Array.from(wantedPaths, (path) => [path, new Set()]));
  // Nearly no path is wanted: text is made of those alone whose hash is.
  const hashes = new Set(Array.from(owners.keys(), hashOfText));
  const [scratch, path] = [createByteSink(4096), createByteSink(4096)];
  let [seen, announced] = [0, ""];

  for await (const { xml, offset, isFirst } of metadataTexts(fileLists, "filelists", faultAt)) {
    const scanner = createXmlScanner(xml, VOCABULARY, (state, at) => faultAt(state, offset + at), scratch);
    if (scanner.next() !== XML_TAG.start || scanner.element() !== ELEMENT.filelists) {
      throw scanner.fault("its root element is not <filelists>");
    }
    if (isFirst) announced = scanner.attribute(ATTRIBUTE.packages) ?? "";
    while (scanner.next() === XML_TAG.start) {
      if (scanner.element() !== ELEMENT.package) {
        scanner.skip();
        continue;
      }
      seen += 1;
      const pkgid = scanner.attribute(ATTRIBUTE.pkgid) ?? "";
      const digest = parseFileDigest(pkgid);
      if (digest === undefined) throw scanner.fault("a package has no pkgid that is a digest");
      while (scanner.next() === XML_TAG.start) {
        if (scanner.element() !== ELEMENT.file) {
          scanner.skip();
          continue;
        }
        path.end = 0;
        scanner.copyProse(path);
        if (!hashes.has(hashOfBytes(path.bytes, 0, path.end))) continue;
        owners.get(path.bytes.toString("utf8", 0, path.end))?.add(digest);
      }
    }
    while (scanner.next() !== XML_TAG.done);
  }
  if (announced !== String(seen)) throw faultAt(`it announces ${announced.slice(0, 20)} packages and has ${seen}`, 0);
  return new Map(Array.from(owners, ([path, digests]) => [path, [...digests]]));
}

/**
 * The paths that packages need and that only file lists can tell the owners of, in code unit order.
 *
 * These are asked for at once: each owner that is found may need further paths.
 */
export function pathsWithoutOwner(indexes: readonly RpmIndex[]): readonly string[] {
  const needed = new Set(indexes.flatMap((index) => index.neededPaths()));
  const hasOwner = (path: string): boolean =>
    indexes.some((index) => index.ownersOf(path).length > 0 || index.providersOf(path).length > 0);
  return [...needed].filter((path) => !hasOwner(path)).sort(compareCodeUnits);
}

/**
 * An index whose `ownersOf` also knows what was found in file lists.
 *
 * Packages of the file lists that the index does not have are left out.
 */
export function withFileOwners(index: RpmIndex, owners: FileOwners): RpmIndex {
  const known = new Map<string, readonly RpmPackage[]>();
  return {
    ...index,
    ownersOf(path) {
      const before = known.get(path);
      if (before !== undefined) return before;
      const listed = (owners.get(path) ?? []).flatMap((digest) => index.withDigest(digest));
      const all = [...new Set([...index.ownersOf(path), ...listed])];
      known.set(path, all);
      return all;
    },
    knowsOwnersOf: (path) => owners.has(path) || index.knowsOwnersOf(path),
  };
}

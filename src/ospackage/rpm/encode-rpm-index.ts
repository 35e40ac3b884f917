import { type ComposerError, formatSize } from "../../core/index.ts";
import type { Threads } from "../../host/index.ts";
import { createIndexJoiner, MAX_INDEX_BYTES } from "../compact-index/index.ts";
import { repositoryTooLarge } from "../repository-too-large.ts";
import {
  addLeftOut,
  ENCODE_PRIMARY_PART,
  encodePrimaryPart,
  faultsInPrimary,
  type LeftOutPackages,
  primaryObject,
  type PrimaryPart,
  tooManyPackages,
} from "./encode-primary-part.ts";
import { type FaultAt, metadataTexts } from "./metadata-text.ts";
import { RPM_INDEX } from "./rpm-record.ts";

export type { LeftOutPackages };

export interface RpmIndexOptions {
  /** What is read, for messages: the address of the metadata. */
  readonly origin?: string;
  /** How large the plain text is, where it is known before: saves memory. */
  readonly expectedBytes?: number;
  /** Called once, at the end, when there are packages that can't be used. */
  readonly onLeftOut?: (leftOut: LeftOutPackages) => void;
}

/** Fedora's have 200 MiB. */
const MAX_TEXT_BYTES = 512 * 1024 ** 2;
/** The kernels of some distributions provide 30,000 symbols, in 3 MiB. Every thread has two packages in memory. */
const MAX_PACKAGE_BYTES = 8 * 1024 ** 2;
const DEFAULT_EXPECTED_BYTES = 64 * 1024 ** 2;

/**
 * Makes the compact form of `primary.xml`, which `openRpmIndex` opens in a few milliseconds.
 *
 * Packages of source code are left out, and so are those that can't be fetched or named: with an `xml:base` of an unknown
 * scheme, an unsafe location, an impossible name or version. They count as the metadata counts them.
 *
 * @param primary the plain text
 * @returns equal bytes for equal text
 * @throws {REPOSITORY_METADATA_INVALID} it is no such XML, lacks something, or has impossible sizes
 * @throws {REPOSITORY_WEAK_DIGEST} a package has no checksum but SHA-1 or MD5
 * @see https://github.com/rpm-software-management/createrepo_c/tree/master/doc
 */
export function encodeRpmIndex(
  primary: Uint8Array,
  { origin, onLeftOut }: Omit<RpmIndexOptions, "expectedBytes"> = {},
): Uint8Array {
  const { index, seen, leftOut, announced } = encodePrimaryPart({ xml: primary, offset: 0, isFirst: true, origin });
  requireAll(seen, announced, faultsInPrimary(origin));
  if (leftOut !== undefined) onLeftOut?.(leftOut);
  return index;
}

/**
 * As {@link encodeRpmIndex}, from a stream, of which a few MiB are in memory at a time: parts of it are worked on by
 * several threads.
 *
 * @throws {REPOSITORY_TOO_LARGE} text or index have more than is read of any repository
 */
export async function encodeRpmIndexFrom(
  threads: Threads,
  primary: AsyncIterable<Uint8Array>,
  { origin, expectedBytes = DEFAULT_EXPECTED_BYTES, onLeftOut }: RpmIndexOptions = {},
): Promise<Uint8Array> {
  const faultAt = faultsInPrimary(origin);
  // Records are shorter than the text; room that is not used takes no memory.
  const joiner = createIndexJoiner(RPM_INDEX, Math.min(expectedBytes, MAX_TEXT_BYTES));
  let [seen, announced] = [0, 0];
  let leftOut: LeftOutPackages | undefined;
  for await (const part of threads.map(ENCODE_PRIMARY_PART, partsOf(primary, origin, faultAt))) {
    announced = part.announced ?? announced;
    seen += part.seen;
    if (seen > announced) throw tooManyPackages(announced, part.end, faultAt);
    if (part.leftOut !== undefined) leftOut = addLeftOut(leftOut, part.leftOut);
    joiner.add(part.index);
    if (joiner.sizeBytes > MAX_INDEX_BYTES) {
      throw tooLarge(origin, `what is kept of its packages takes more than ${formatSize(MAX_INDEX_BYTES)}`);
    }
  }
  requireAll(seen, announced, faultAt);
  if (leftOut !== undefined) onLeftOut?.(leftOut);
  return joiner.finish();
}

async function* partsOf(
  primary: AsyncIterable<Uint8Array>,
  origin: string | undefined,
  faultAt: FaultAt,
): AsyncGenerator<PrimaryPart> {
  for await (const text of metadataTexts(primary, "metadata", faultAt, MAX_PACKAGE_BYTES)) {
    if (text.offset + text.xml.length > MAX_TEXT_BYTES) {
      throw tooLarge(origin, `it has more than ${formatSize(MAX_TEXT_BYTES)}`);
    }
    // The text is valid until the next one is asked for.
    yield { ...text, xml: new Uint8Array(text.xml), origin };
  }
}

function tooLarge(origin: string | undefined, state: string): ComposerError {
  return repositoryTooLarge(primaryObject(origin), state);
}

function requireAll(seen: number, announced: number | undefined, faultAt: FaultAt): void {
  if (seen !== announced) throw faultAt(`it announces ${announced ?? 0} packages and has ${seen}`, 0);
}

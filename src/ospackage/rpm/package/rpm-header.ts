import { ComposerError } from "../../../core/index.ts";
import { RPM_TAG } from "./rpm-tags.ts";

/**
 * The tags of a header.
 *
 * Every method gives "nothing" (an empty list, undefined) for a tag that is not there, and throws
 * {PACKAGE_FORMAT_INVALID} for one of another type, {PACKAGE_TOO_LARGE} for a list of more than {@link MAX_RPM_ITEMS}.
 * Nothing is decoded before it is asked for, and of a single value that is wanted nothing but that.
 */
export interface RpmHeader {
  has(tag: number): boolean;
  /** How many values a tag has, whatever their type: to be compared before they are asked for. */
  count(tag: number): number;
  /** Integers of 8 to 64 bits. */
  numbers(tag: number): readonly number[];
  number(tag: number): number | undefined;
  /** Strings that must be UTF-8: names, paths, versions. */
  strings(tag: number): readonly string[];
  string(tag: number): string | undefined;
  /** Texts for people or interpreters; what is not UTF-8 in them is replaced. */
  texts(tag: number): readonly string[];
  /** The first of them, which is the one in no particular language; empty when there is none. */
  text(tag: number): string;
  bytes(tag: number): Uint8Array | undefined;
}

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
  /** Where its bytes end. */
  readonly end: number;
}

/**
 * The most values of one tag, and so files of a package: rpm takes about a million, and the largest packages that are
 * known, sources of kernels and sets of icons, have up to 100,000 files. With so many, a header takes less than 512 MiB.
 */
export const MAX_RPM_ITEMS = 150_000;
/** Of all tags together: each file has up to a dozen. */
const MAX_STRINGS = 16 * MAX_RPM_ITEMS;

const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;
const [INT8, INT16, INT32, INT64, STRING, BINARY, STRING_ARRAY, I18N_STRING] = [2, 3, 4, 5, 6, 7, 8, 9];
/** Bytes of one item by type; also what its offset must be a multiple of. CHAR counts as INT8. */
const ITEM_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 };

/**
 * Reads the index of a header and checks all of it: nothing overlaps, runs over the end or lies outside of the region
 * that signatures are over.
 *
 * @param bytes the whole header, from its magic on
 * @param region which region it has to be; that of a signature header may be missing or be followed by more
 * @param object what is read, for messages
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} it has more strings than any honest one
 * @see rpm.org, "RPM V4 Package format", Header format
 */
export function parseRpmHeader(bytes: Uint8Array, region: "signatures" | "immutable", object: string): RpmHeader {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entryCount = all.readUInt32BE(8);
  const data = all.subarray(INTRO_BYTES + entryCount * ENTRY_BYTES);
  const refuse = (state: string): ComposerError => invalid(object, state);
  const regionTag = region === "immutable" ? RPM_TAG.headerImmutable : RPM_TAG.headerSignatures;
  const { first, limit } = checkRegion(all, entryCount, data, regionTag, region === "immutable", refuse);

  const entries = new Map<number, Entry>();
  let [previousEnd, stringCount] = [0, 0];
  for (let number = first; number < entryCount; number += 1) {
    const at = INTRO_BYTES + number * ENTRY_BYTES;
    const [tag, type, offset, count] = [0, 4, 8, 12].map((field) => all.readUInt32BE(at + field));
    if (tag === undefined || type === undefined || offset === undefined || count === undefined)
      throw new Error("index");
    if (tag < RPM_TAG.i18nTable) throw refuse(`a tag of its header is ${tag}`);
    if (entries.has(tag)) throw refuse(`its header has the tag ${tag} twice`);
    if (isText(type)) {
      stringCount += count;
      // To find their ends takes time.
      if (count <= data.length && count > MAX_RPM_ITEMS) throw tooMany(object, count, tag);
      if (count <= data.length && stringCount > MAX_STRINGS) throw tooMany(object, stringCount);
    }
    const end = endOf(data, { type, offset, count });
    if (end === undefined || end > limit) throw refuse(`the data of tag ${tag} is not within its header`);
    if (offset < previousEnd) throw refuse(`the data of tag ${tag} overlaps with another's`);
    previousEnd = end;
    entries.set(tag, { type, offset, count, end });
  }
  return createRpmHeader(data, entries, object);
}

/** Which entry is the first that is no region, and where the data of tags ends. */
function checkRegion(
  all: Buffer,
  entryCount: number,
  data: Buffer,
  tag: number,
  isStrict: boolean,
  refuse: (state: string) => ComposerError,
): { readonly first: number; readonly limit: number } {
  if (entryCount === 0) throw refuse("a header of it is empty");
  if (all.readUInt32BE(INTRO_BYTES) !== tag) {
    if (isStrict) throw refuse("its header does not begin with its region");
    return { first: 0, limit: data.length };
  }
  const [type, offset, count] = [4, 8, 12].map((field) => all.readUInt32BE(INTRO_BYTES + field));
  if (type !== BINARY || count !== ENTRY_BYTES || offset === undefined || offset + ENTRY_BYTES > data.length) {
    throw refuse("the region of a header is damaged");
  }
  const trailer = [0, 4, 12].map((field) => data.readUInt32BE(offset + field));
  const regionBytes = -data.readInt32BE(offset + 8);
  // Some old programs wrote the tag of images of headers into the trailer of signatures.
  const isTag = trailer[0] === tag || (!isStrict && trailer[0] === 61);
  if (!isTag || trailer[1] !== BINARY || trailer[2] !== ENTRY_BYTES) throw refuse("the region of a header has no end");
  const covered = regionBytes / ENTRY_BYTES;
  if (!Number.isInteger(covered) || covered < 1 || covered > entryCount)
    throw refuse("the region of a header is damaged");
  if (!isStrict) return { first: 1, limit: data.length };
  if (covered !== entryCount || offset + ENTRY_BYTES !== data.length) {
    throw refuse("its header has more than the region that signatures are over");
  }
  return { first: 1, limit: offset };
}

/** Undefined when the data is not where it should be. */
function endOf(data: Buffer, { type, offset, count }: Omit<Entry, "end">): number | undefined {
  if (count < 1 || offset >= data.length) return undefined;
  const itemBytes = ITEM_BYTES[type];
  if (itemBytes !== undefined) {
    const end = offset + count * itemBytes;
    return offset % itemBytes === 0 && end <= data.length ? end : undefined;
  }
  if (!isText(type)) return undefined;
  if ((type === STRING && count !== 1) || count > data.length - offset) return undefined;
  let end = offset;
  for (let string = 0; string < count; string += 1) {
    end = data.indexOf(0, end) + 1;
    if (end === 0) return undefined;
  }
  return end;
}

function isText(type: number): boolean {
  return type === STRING || type === STRING_ARRAY || type === I18N_STRING;
}

const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function createRpmHeader(data: Buffer, entries: ReadonlyMap<number, Entry>, object: string): RpmHeader {
  const refuse = (state: string): ComposerError => invalid(object, state);

  function entryOf(tag: number, types: readonly (number | undefined)[]): Entry | undefined {
    const entry = entries.get(tag);
    if (entry !== undefined && !types.includes(entry.type)) throw refuse(`its tag ${tag} has the type ${entry.type}`);
    return entry;
  }
  /** @param most of its values that are wanted */
  function numbers(tag: number, most?: number): number[] {
    const entry = entryOf(tag, [1, INT8, INT16, INT32, INT64]);
    if (entry === undefined) return [];
    if (most === undefined && entry.count > MAX_RPM_ITEMS) throw tooMany(object, entry.count, tag);
    const itemBytes = ITEM_BYTES[entry.type] ?? 1;
    const found: number[] = [];
    const end = Math.min(entry.end, entry.offset + (most ?? entry.count) * itemBytes);
    for (let at = entry.offset; at < end; at += itemBytes) {
      const value = itemBytes === 8 ? Number(data.readBigUInt64BE(at)) : data.readUIntBE(at, itemBytes);
      if (!Number.isSafeInteger(value)) throw refuse(`a number of its tag ${tag} is absurd`);
      found.push(value);
    }
    return found;
  }
  /** One call for all that are wanted: their number was checked, and none of them has a NUL within it. */
  function decoded(tag: number, decoder: InstanceType<typeof TextDecoder>, most?: 1): string[] {
    const entry = entryOf(tag, [STRING, STRING_ARRAY, I18N_STRING]);
    if (entry === undefined) return [];
    const end = most === undefined ? entry.end - 1 : data.indexOf(0, entry.offset);
    return decoder.decode(data.subarray(entry.offset, end)).split("\0");
  }
  function strings(tag: number, most?: 1): string[] {
    try {
      return decoded(tag, strictUtf8, most);
    } catch (error) {
      if (error instanceof ComposerError) throw error;
      throw refuse(`its tag ${tag} is not UTF-8`);
    }
  }
  return {
    has: (tag) => entries.has(tag),
    count: (tag) => entries.get(tag)?.count ?? 0,
    numbers: (tag) => numbers(tag),
    number: (tag) => numbers(tag, 1)[0],
    strings: (tag) => strings(tag),
    string: (tag) => strings(tag, 1)[0],
    texts: (tag) => decoded(tag, lenientUtf8),
    text: (tag) => decoded(tag, lenientUtf8, 1)[0] ?? "",
    bytes(tag) {
      const entry = entryOf(tag, [BINARY]);
      return entry === undefined ? undefined : data.subarray(entry.offset, entry.end);
    },
  };
}

/** The error for lists that no honest package has. @param tag of all of them when absent */
function tooMany(object: string, count: number, tag?: number): ComposerError {
  const [what, limit] = tag === undefined ? ["strings", MAX_STRINGS] : [`values of the tag ${tag}`, MAX_RPM_ITEMS];
  return tooLargeRpm(object, `its header has ${count} ${what}, and no more than ${limit} are read`);
}

/** @param state what there is too much of, and the limit */
export function tooLargeRpm(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_TOO_LARGE", `Cannot read ${object}: ${state}`, {
    hint: "Don't use this package; if it is really meant, report it with its name",
  });
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
}

import type { DirectoryName } from "./fat-names.ts";
import { DIRECTORY_ENTRY_BYTES } from "./fat-geometry.ts";

export const ATTRIBUTE = { volumeLabel: 0x08, directory: 0x10, archive: 0x20, longName: 0x0f } as const;

export interface EntryContent {
  readonly attribute: number;
  /** 0 for an empty file, and for the root directory in "..". */
  readonly firstCluster: number;
  /** 0 for directories. */
  readonly sizeBytes: number;
  readonly time: FatTime;
}

/** A point in time as directory entries hold it: the two halves. */
export interface FatTime {
  readonly date: number;
  /** In units of two seconds. */
  readonly time: number;
}

const LONG_NAME_UNITS = 13;
const LAST_LONG_ENTRY = 0x40;
/** Where an entry of a long name holds its characters: offset and number of UTF-16 units. */
const LONG_NAME_FIELDS = [
  [1, 5],
  [14, 6],
  [28, 2],
] as const;

/** Entries of 32 bytes that a name takes. */
export function entryCountOf(name: DirectoryName): number {
  return 1 + (name.long === undefined ? 0 : Math.ceil(name.long.length / LONG_NAME_UNITS));
}

/** A directory entry, after the entries of its long name. @see Microsoft FAT specification, sections 6 and 7 */
export function encodeEntry(name: DirectoryName, content: EntryContent): Buffer {
  const entry = Buffer.alloc(DIRECTORY_ENTRY_BYTES);
  entry.set(name.short, 0);
  entry.writeUInt8(content.attribute, 11);
  entry.writeUInt16LE(content.time.time, 14);
  entry.writeUInt16LE(content.time.date, 16);
  entry.writeUInt16LE(content.time.date, 18);
  entry.writeUInt16LE(content.firstCluster >>> 16, 20);
  entry.writeUInt16LE(content.time.time, 22);
  entry.writeUInt16LE(content.time.date, 24);
  entry.writeUInt16LE(content.firstCluster & 0xffff, 26);
  entry.writeUInt32LE(content.sizeBytes, 28);
  return name.long === undefined
    ? entry
    : Buffer.concat([...encodeLongName(name.long, shortNameChecksum(name.short)), entry]);
}

/** The last part of the name comes first. */
function encodeLongName(name: string, checksum: number): Buffer[] {
  const count = Math.ceil(name.length / LONG_NAME_UNITS);
  // One terminating zero where there is room for it, then padding of 0xFFFF.
  const units = Buffer.alloc(count * LONG_NAME_UNITS * 2, 0xff);
  units.write(name.length % LONG_NAME_UNITS === 0 ? name : `${name}\0`, "utf16le");
  return Array.from({ length: count }, (_, index) => {
    const part = units.subarray(index * LONG_NAME_UNITS * 2, (index + 1) * LONG_NAME_UNITS * 2);
    const entry = Buffer.alloc(DIRECTORY_ENTRY_BYTES);
    entry.writeUInt8((index + 1) | (index === count - 1 ? LAST_LONG_ENTRY : 0), 0);
    entry.writeUInt8(ATTRIBUTE.longName, 11);
    entry.writeUInt8(checksum, 13);
    let taken = 0;
    for (const [offset, length] of LONG_NAME_FIELDS) {
      entry.set(part.subarray(taken * 2, (taken + length) * 2), offset);
      taken += length;
    }
    return entry;
  }).reverse();
}

/** Ties a long name to its short one. @see Microsoft FAT specification, section 7.2 */
export function shortNameChecksum(short: Uint8Array): number {
  return short.reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}

/** UTC, clamped to the years from 1980 to 2107 that FAT can say; an odd second is rounded down. */
export function fatTimeOf(timeSeconds: number): FatTime {
  const clamped = Math.min(Math.max(timeSeconds, Date.UTC(1980, 0) / 1000), Date.UTC(2108, 0) / 1000 - 1);
  const date = new Date(clamped * 1000);
  return {
    date: ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate(),
    time: (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1),
  };
}

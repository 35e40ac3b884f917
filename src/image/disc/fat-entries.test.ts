import { describe, expect, it } from "vitest";
import { ATTRIBUTE, encodeEntry, fatTimeOf, shortNameChecksum } from "./fat-entries.ts";

/** The parts of a time, as people write them. */
function readTime(timeSeconds: number): number[] {
  const { date, time } = fatTimeOf(timeSeconds);
  return [1980 + (date >> 9), (date >> 5) & 15, date & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2];
}

describe("fatTimeOf()", () => {
  it("says UTC, rounded down to two seconds", () => {
    expect(readTime(Date.UTC(2023, 10, 14, 22, 13, 21) / 1000)).toEqual([2023, 11, 14, 22, 13, 20]);
  });

  it("clamps to the years that FAT has", () => {
    expect(readTime(0)).toEqual([1980, 1, 1, 0, 0, 0]);
    expect(readTime(Date.UTC(2200, 0) / 1000)).toEqual([2107, 12, 31, 23, 59, 58]);
  });
});

describe("encodeEntry()", () => {
  const content = { attribute: ATTRIBUTE.archive, firstCluster: 0x12345, sizeBytes: 7, time: fatTimeOf(0) };
  const short = Buffer.from("LOADER~1CON", "latin1");

  it("splits the first cluster into two halves", () => {
    const entry = encodeEntry({ short, long: undefined }, content);
    expect(entry.length).toBe(32);
    expect([entry.readUInt16LE(20), entry.readUInt16LE(26), entry.readUInt32LE(28)]).toEqual([1, 0x2345, 7]);
  });

  it("puts the last part of a long name first, with the checksum of the short one", () => {
    const entries = encodeEntry({ short, long: "loader-of-13c.conf" }, content);
    expect([0, 32].map((offset) => entries.readUInt8(offset))).toEqual([0x42, 1]);
    expect([13, 45].map((offset) => entries.readUInt8(offset))).toEqual(Array(2).fill(shortNameChecksum(short)));
    // "conf" without its "c", a zero, padding.
    expect(entries.toString("hex", 1, 11)).toBe("2e0063006f006e006600");
    expect(entries.toString("hex", 14, 26)).toBe("0000" + "ff".repeat(10));
  });

  it("ends a long name that fills its entries without a zero", () => {
    const entries = encodeEntry({ short, long: "thirteen.char" }, content);
    expect(entries.length).toBe(64);
    expect(entries.toString("utf16le", 28, 32)).toBe("ar");
  });
});

describe("shortNameChecksum()", () => {
  it("rotates right and adds", () => {
    expect(shortNameChecksum(Buffer.from("FILE    TXT", "latin1"))).toBe(referenceChecksum("FILE    TXT"));
  });
});

/** Word for word after the specification. */
function referenceChecksum(name: string): number {
  let sum = 0;
  for (const character of name) sum = ((sum & 1 ? 0x80 : 0) + Math.floor(sum / 2) + character.charCodeAt(0)) % 256;
  return sum;
}

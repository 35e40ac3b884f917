import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { DiskPlan } from "./disk-plan.ts";
import { encodeGpt } from "./write-gpt.ts";

const SECTOR = 512;
const PLAN: DiskPlan = {
  sizeBytes: 64 * 1024 * 1024,
  diskGuid: "00112233-4455-6677-8899-aabbccddeeff",
  partitions: [
    {
      number: 3,
      name: "Ümläut-name",
      typeGuid: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
      partUuid: "01234567-89ab-5def-8123-456789abcdef",
      startLba: 2048,
      sectorCount: 4096,
      offsetBytes: 2048 * SECTOR,
      sizeBytes: 4096 * SECTOR,
      attributeBits: [2, 63],
    },
  ],
};

const gpt = encodeGpt(PLAN);
const primary = Buffer.from(gpt.primary);
const backup = Buffer.from(gpt.backup);
const lastLba = PLAN.sizeBytes / SECTOR - 1;

/** The fields of a header; its checksum is checked here. */
function readHeader(header: Buffer) {
  const blank = Buffer.from(header.subarray(0, 92));
  blank.fill(0, 16, 20);
  expect(header.readUInt32LE(16)).toBe(crc32(blank));
  const lba = (offset: number): number => Number(header.readBigUInt64LE(offset));
  return {
    signature: header.toString("latin1", 0, 8),
    lbas: [24, 32, 40, 48, 72].map(lba),
    entriesCrc: header.readUInt32LE(88),
  };
}

describe("encodeGpt()", () => {
  it("puts a protective MBR over the whole disk", () => {
    expect(primary.subarray(0, 446)).toEqual(Buffer.alloc(446));
    expect(primary.toString("hex", 446, 454)).toBe("00000200eeffffff");
    expect([primary.readUInt32LE(454), primary.readUInt32LE(458)]).toEqual([1, lastLba]);
    expect(primary.toString("hex", 462, 512)).toBe(`${"00".repeat(48)}55aa`);
  });

  it("caps the protective partition of a disk beyond 2 TiB", () => {
    const large = Buffer.from(encodeGpt({ ...PLAN, sizeBytes: 4 * 1024 ** 4 }).primary);
    expect(large.readUInt32LE(458)).toBe(0xffffffff);
  });

  it("writes two headers that name each other and checksum the same entries", () => {
    const entries = primary.subarray(2 * SECTOR);
    expect(backup.subarray(0, -SECTOR)).toEqual(entries);
    expect(readHeader(primary.subarray(SECTOR, 2 * SECTOR))).toEqual({
      signature: "EFI PART",
      lbas: [1, lastLba, 34, lastLba - 33, 2],
      entriesCrc: crc32(entries),
    });
    expect(readHeader(backup.subarray(-SECTOR))).toEqual({
      signature: "EFI PART",
      lbas: [lastLba, 1, 34, lastLba - 33, lastLba - 32],
      entriesCrc: crc32(entries),
    });
    expect(gpt.backupOffsetBytes + backup.length).toBe(PLAN.sizeBytes);
  });

  it("writes an entry at the place of its number, GUIDs in mixed byte order", () => {
    const entry = primary.subarray(2 * SECTOR + 2 * 128, 2 * SECTOR + 3 * 128);
    expect(entry.toString("hex", 0, 16)).toBe("28732ac11ff8d211ba4b00a0c93ec93b");
    expect(entry.toString("hex", 16, 32)).toBe("67452301ab89ef5d8123456789abcdef");
    expect([entry.readBigUInt64LE(32), entry.readBigUInt64LE(40)]).toEqual([2048n, 6143n]);
    expect(entry.readBigUInt64LE(48)).toBe((1n << 63n) | 4n);
    expect(entry.toString("utf16le", 56).replace(/\0+$/, "")).toBe("Ümläut-name");
  });
});

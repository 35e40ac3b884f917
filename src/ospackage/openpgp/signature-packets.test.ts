import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseVersion3, splitSignaturePackets } from "./signature-packets.ts";

const body = (length: number): Buffer => Buffer.alloc(length, 7);
const bytes = (...values: number[]): Buffer => Buffer.from(values);

describe("splitSignaturePackets()", () => {
  it.each<[string, Buffer, number]>([
    ["one byte, new format", bytes(0xc2, 100), 100],
    ["two bytes, new format", bytes(0xc2, 192, 8), 200],
    ["two bytes at most, new format", bytes(0xc2, 223, 255), 8383],
    ["five bytes, new format", bytes(0xc2, 255, 0, 0, 0x20, 0xc0), 8384],
    ["one byte, old format", bytes(0x88, 255), 255],
    ["two bytes, old format", bytes(0x89, 1, 0), 256],
    ["four bytes, old format", bytes(0x8a, 0, 0, 1, 0), 256],
  ])("reads a length of %s", (_, header, length) => {
    const packet = Buffer.concat([header, body(length)]);
    const packets = splitSignaturePackets(Buffer.concat([packet, packet]));
    if (typeof packets === "string") throw new Error(packets);
    expect(packets.map((each) => [each.packet.length, each.body.length])).toEqual([
      [packet.length, length],
      [packet.length, length],
    ]);
  });

  it.each<[string, Buffer, string]>([
    ["no packet", bytes(0x42, 1, 1), "there is no packet header"],
    ["another packet", bytes(0xc6, 1, 1), "a packet of type 6"],
    ["a partial length", bytes(0xc2, 224, 1), "not definite"],
    ["an indefinite length", bytes(0x8b, 1), "not definite"],
    ["a length that is cut", bytes(0xc2, 255, 0), "not definite"],
    ["a body that is cut", bytes(0xc2, 2, 1), "ends early"],
    ["a body of gigabytes", bytes(0x8a, 255, 255, 255, 255), "ends early"],
    ["too many", Buffer.concat(Array.from({ length: 33 }, () => bytes(0xc2, 0))), "more than 32"],
  ])("refuses %s", (_, packet, fault) => {
    expect(splitSignaturePackets(packet)).toContain(fault);
  });

  it("finds packets or says what is wrong, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (any) => {
        const packets = splitSignaturePackets(any);
        if (typeof packets === "string") expect(packets).not.toBe("");
        else expect(Buffer.concat(packets.map(({ packet }) => packet))).toEqual(Buffer.from(any));
      }),
      { numRuns: 500 },
    );
  });
});

describe("parseVersion3()", () => {
  const good = Buffer.from(
    "0305" + "00" + "65950080" + "0123456789abcdef" + "01" + "08" + "beef" + "0009" + "01ff",
    "hex",
  );

  it("reads its fields", () => {
    expect(parseVersion3(good)).toEqual({
      createdSeconds: 0x65950080,
      issuerKeyId: "0123456789ABCDEF",
      publicKeyAlgorithm: 1,
      hashAlgorithm: 8,
      trailer: bytes(0, 0x65, 0x95, 0, 0x80),
      digestStart: bytes(0xbe, 0xef),
      numbers: [bytes(1, 0xff)],
    });
  });

  it.each<[string, (changed: Buffer) => Buffer, string]>([
    ["another version", (changed) => (changed.writeUInt8(4, 0), changed), "not those of version 3"],
    ["more hashed bytes", (changed) => (changed.writeUInt8(6, 1), changed), "not those of version 3"],
    ["a signature of a text", (changed) => (changed.writeUInt8(1, 2), changed), "it is of type 1"],
    ["a number that is cut", (changed) => changed.subarray(0, -1), "ends early"],
    ["half a length", (changed) => changed.subarray(0, -3), "ends early"],
    ["nothing", () => Buffer.alloc(0), "not those of version 3"],
  ])("refuses %s", (_, change, fault) => {
    expect(parseVersion3(change(Buffer.from(good)))).toContain(fault);
  });
});

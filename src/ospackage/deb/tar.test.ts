import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TarRecord, gnuLong, inPieces, paxOf, tarOf, tarRecord } from "../../../test/fixtures/make-deb.ts";
import { readTar } from "./tar.ts";

async function read(bytes: Uint8Array, pieceBytes?: number) {
  const found: Record<string, unknown>[] = [];
  for await (const { content, ...entry } of readTar(inPieces(bytes, pieceBytes), '"data.tar"')) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    found.push({ ...entry, content: Buffer.concat(pieces).toString() });
  }
  return found;
}

async function expectRefusal(bytes: Uint8Array, message: string, code = "PACKAGE_FORMAT_INVALID") {
  const reading = read(bytes);
  await expect(reading).rejects.toMatchObject({ code });
  await expect(reading).rejects.toThrowError(message);
}

const LONG = `./${"d/".repeat(80)}${"n".repeat(150)}`;

describe("readTar()", () => {
  it.each([1, 511, 512, 100_000])("reads every type from pieces of %d bytes", async (pieceBytes) => {
    const bytes = tarOf([
      { name: "./", type: "5", mode: 0o755 },
      { name: "./a", mode: 0o4755, uid: 3, gid: 4, mtimeSeconds: 1234, content: "x".repeat(700) },
      { name: "./l", type: "2", linkName: "../a", mode: 0o777 },
      { name: "./h", type: "1", linkName: "./a" },
      { name: "./c", type: "3" },
      { name: "./b", type: "4" },
      { name: "./p", type: "6" },
      { name: "old/", type: "\0" },
    ]);
    const entries = await read(bytes, pieceBytes);
    expect(entries.map(({ name, type }) => [name, type])).toEqual([
      ["./", "directory"],
      ["./a", "file"],
      ["./l", "symlink"],
      ["./h", "hardlink"],
      ["./c", "character-device"],
      ["./b", "block-device"],
      ["./p", "fifo"],
      ["old/", "directory"],
    ]);
    expect(entries[1]).toEqual({
      name: "./a",
      type: "file",
      mode: 0o4755,
      uid: 3,
      gid: 4,
      mtimeSeconds: 1234,
      sizeBytes: 700,
      linkName: "",
      content: "x".repeat(700),
    });
    expect([entries[2]?.["linkName"], entries[3]?.["linkName"]]).toEqual(["../a", "./a"]);
  });

  it("applies GNU long names and link targets to the next entry only", async () => {
    const entries = await read(
      tarOf([
        gnuLong("K", `${LONG}-target`),
        gnuLong("L", LONG),
        { name: "cut", type: "2", linkName: "cut" },
        { name: "./b", type: "2", linkName: "b" },
      ]),
    );
    expect(entries.map(({ name, linkName }) => [name, linkName])).toEqual([
      [LONG, `${LONG}-target`],
      ["./b", "b"],
    ]);
  });

  it("applies pax headers to the next entry only", async () => {
    const pax = { path: "./ü", size: "5", uid: "70000", gid: "80000", mtime: "12.5", "SCHILY.xattr.user.x": "1" };
    const entries = await read(
      tarOf([
        { name: "g", type: "g", content: "20 comment=whatever\n" },
        paxOf(pax),
        { name: "cut", content: "hello", rawSize: Buffer.from("00000000005\0") },
        paxOf({ linkpath: LONG }),
        { name: "./l", type: "2", linkName: "cut" },
      ]),
    );
    expect(entries).toMatchObject([
      { name: "./ü", sizeBytes: 5, uid: 70000, gid: 80000, mtimeSeconds: 12.5, content: "hello" },
      { name: "./l", linkName: LONG, uid: 0, mtimeSeconds: 1_700_000_000 },
    ]);
  });

  it("joins the prefix of ustar, and reads numbers in base 256", async () => {
    const rawSize = Buffer.alloc(12);
    rawSize.writeUInt8(0x80, 0);
    rawSize.writeUInt8(3, 11);
    const entries = await read(tarOf([{ name: "b", prefix: "usr/lib", content: "abc", rawSize }]));
    expect(entries).toMatchObject([{ name: "usr/lib/b", sizeBytes: 3, content: "abc" }]);
  });

  it("skips content that nobody reads", async () => {
    const names: string[] = [];
    const bytes = tarOf([{ name: "a", content: "x".repeat(5000) }, { name: "b" }]);
    for await (const { name } of readTar(inPieces(bytes), "x")) names.push(name);
    expect(names).toEqual(["a", "b"]);
  });

  it("takes an archive without its last blocks", async () => {
    expect(await read(tarRecord({ name: "a" }))).toHaveLength(1);
    expect(await read(Buffer.alloc(0))).toEqual([]);
  });

  it("refuses a wrong checksum", async () => {
    const bytes = tarOf([{ name: "a" }, { name: "b" }]);
    bytes.write("c", 512);
    await expectRefusal(bytes, "the tar header at byte 512 is damaged: its checksum is wrong");
  });

  it("refuses an archive that is cut short", async () => {
    const bytes = tarOf([{ name: "a", content: "x".repeat(600) }]);
    await expectRefusal(bytes.subarray(0, 900), "ends early");
    await expectRefusal(bytes.subarray(0, 300), "ends within the tar header at byte 0");
  });

  const damaged: [string, TarRecord[], string][] = [
    ["sparse files", [{ name: "a", type: "S" }], "is a sparse file"],
    ["pax sparse files", [paxOf({ "GNU.sparse.major": "1" }), { name: "a" }], "sparse file"],
    ["unknown types", [{ name: "a", type: "V" }], 'unknown type "V"'],
    ["a negative size", [{ name: "a", rawSize: Buffer.alloc(12, 0xff) }], "a number in it is wrong"],
    ["a huge size", [{ name: "a", rawSize: Buffer.from("\xbf".repeat(12), "latin1") }], "a number in it is wrong"],
    ["a size that is no number", [{ name: "a", rawSize: Buffer.from("12x456789012") }], "a number in it is wrong"],
    ["a pax size that is no number", [paxOf({ size: "-1" }), { name: "a" }], '"size" in an extended tar header'],
    ["a pax header without values", [{ name: "x", type: "x", content: "6 abc\n" }], "without a value"],
    ["a pax length beyond it", [{ name: "x", type: "x", content: "99 a=b\n" }], "is damaged"],
    ["a pax length of nothing", [{ name: "x", type: "x", content: "0 a=b\n" }], "is damaged"],
    ["an entry without a name", [{ name: "" }], "has no name"],
  ];
  it.each(damaged)("refuses %s", async (_, records, message) => {
    await expectRefusal(tarOf(records), message);
  });

  it("refuses names that are not UTF-8", async () => {
    const bytes = tarOf([{ name: "ab" }]);
    bytes.writeUInt8(0xff, 1);
    bytes.write(`${(8 * 32 + sumWithout(bytes)).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    await expectRefusal(bytes, "its name is not UTF-8");
  });

  it("refuses an extended header of an absurd size before reading it", async () => {
    const bytes = tarRecord({ name: "x", type: "L", declaredBytes: 8 * 1024 ** 3 - 1 });
    await expectRefusal(bytes, "an extended tar header has", "PACKAGE_TOO_LARGE");
  });

  it("never fails in another way on damaged archives", async () => {
    const good = tarOf([
      paxOf({ path: "./p", mtime: "1" }),
      { name: "a", content: "hello" },
      gnuLong("L", LONG),
      { name: "b" },
    ]);
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.nat(good.length), async (changes, lengthBytes) => {
        const bytes = Buffer.from(good.subarray(0, lengthBytes));
        for (const [offset, value] of changes) bytes[offset] = value;
        await read(bytes).catch((error: unknown) => {
          expect(error).toMatchObject({ code: expect.stringMatching(/^PACKAGE_/) as string });
        });
      }),
      { numRuns: 300 },
    );
  });
});

function sumWithout(block: Buffer): number {
  return block.subarray(0, 512).reduce((sum, byte, at) => (at >= 148 && at < 156 ? sum : sum + byte), 0);
}

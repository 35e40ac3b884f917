import { describe, expect, it } from "vitest";
import { inPieces } from "../../../../test/fixtures/make-deb.ts";
import { cpioOf, cpioRecord, padded } from "../../../../test/fixtures/make-rpm-parts.ts";
import { readCpio } from "./cpio.ts";

async function read(bytes: Uint8Array, sizes: readonly number[] = []): Promise<[string | number, string][]> {
  const found: [string | number, string][] = [];
  for await (const { of, sizeBytes, content } of readCpio(inPieces(bytes, 7), (index) => sizes[index], "it")) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    expect(Buffer.concat(pieces).length).toBe(sizeBytes);
    found.push([of, Buffer.concat(pieces).toString()]);
  }
  return found;
}

const hex = (value: number): string => value.toString(16).padStart(8, "0");

describe("readCpio()", () => {
  it("reads names and contents of every length, and skips what is not read", async () => {
    const records = ["", "a", "ab", "abc", "abcd", "x".repeat(1000)].map((content, index) => ({
      name: `./${"n".repeat(index + 1)}`,
      content,
    }));
    const archive = cpioOf(records);
    expect(await read(archive)).toEqual(records.map(({ name, content }) => [name, content]));
    const names: (string | number)[] = [];
    for await (const { of } of readCpio(inPieces(archive), () => undefined, "it")) names.push(of);
    expect(names).toEqual(records.map(({ name }) => name));
    const summed = Buffer.concat([cpioRecord({ name: "a", content: "x", magic: "070702" }), cpioOf([])]);
    expect(await read(summed)).toEqual([["a", "x"]]);
  });

  it("reads the form of large files", async () => {
    const entry = (index: number, content: string): Buffer =>
      Buffer.concat([padded(Buffer.from(`07070X${hex(index)}`)), padded(Buffer.from(content))]);
    const archive = Buffer.concat([entry(1, "hello"), entry(0, ""), cpioOf([])]);
    expect(await read(archive, [0, 5])).toEqual([
      [1, "hello"],
      [0, ""],
    ]);
    await expect(read(archive, [0])).rejects.toThrowError("a file of no known number");
  });

  const record = cpioRecord({ name: "./a", content: "hello" });
  const changed = (at: number, text: string): Buffer => {
    const bytes = Buffer.concat([record, cpioOf([])]);
    bytes.write(text, at, "latin1");
    return bytes;
  };
  it.each([
    ["nothing", Buffer.alloc(0), "it ends early"],
    ["no trailer", record, "it ends early"],
    ["an unknown magic", changed(0, "070707"), "no cpio header at byte 0"],
    ["a size that is no number", changed(54, "0000000g"), "is damaged"],
    ["a negative size", changed(54, "-0000001"), "is damaged"],
    ["a size beyond the archive", changed(54, "ffffffff"), "it ends early"],
    ["a name without bytes", changed(94, "00000000"), "a name in it has 0 bytes"],
    ["a name of gigabytes", changed(94, "ffffffff"), "a name in it has 4294967295 bytes"],
    ["a name that ends before its end", changed(111, "\0"), "is no plain UTF-8"],
    ["a name that is not ended", changed(113, "x"), "is no plain UTF-8"],
    ["a name that is not UTF-8", changed(111, "\xff"), "is no plain UTF-8"],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrowError(message);
    await expect(read(bytes)).rejects.toMatchObject({ code: "PACKAGE_FORMAT_INVALID" });
  });

  it("reads on to the end of the stream, but not for ever", async () => {
    let left = 100;
    async function* endless() {
      yield cpioOf([]);
      for (; left > 0; left -= 1) yield Buffer.alloc(1024 ** 2);
    }
    const reading = async () => {
      for await (const entry of readCpio(endless(), () => undefined, "it")) void entry;
    };
    await expect(reading()).rejects.toMatchObject({ code: "PACKAGE_TOO_LARGE" });
    expect(left).toBeGreaterThan(30);
  });
});

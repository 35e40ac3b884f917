import { describe, expect, it } from "vitest";
import { arOf, inPieces } from "../../../test/fixtures/make-deb.ts";
import { readAr } from "./ar.ts";

async function read(bytes: Uint8Array, pieceBytes?: number) {
  const found: { name: string; mtimeSeconds: number; sizeBytes: number; content: string }[] = [];
  for await (const { name, mtimeSeconds, sizeBytes, content } of readAr(inPieces(bytes, pieceBytes), '"x.deb"')) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    found.push({ name, mtimeSeconds, sizeBytes, content: Buffer.concat(pieces).toString() });
  }
  return found;
}

const two = arOf([
  { name: "debian-binary", content: "2.0\n", mtimeSeconds: 12 },
  { name: "odd/", content: "abc", mtimeSeconds: 34 },
]);

describe("readAr()", () => {
  it.each([1, 7, 60, 10_000])("reads members from pieces of %d bytes", async (pieceBytes) => {
    expect(await read(two, pieceBytes)).toEqual([
      { name: "debian-binary", mtimeSeconds: 12, sizeBytes: 4, content: "2.0\n" },
      { name: "odd", mtimeSeconds: 34, sizeBytes: 3, content: "abc" },
    ]);
  });

  it("takes a last member without its padding", async () => {
    expect(await read(two.subarray(0, -1))).toHaveLength(2);
  });

  it("skips content that nobody reads", async () => {
    const names: string[] = [];
    for await (const { name } of readAr(inPieces(two), "x")) names.push(name);
    expect(names).toEqual(["debian-binary", "odd"]);
  });

  it("closes its source when the caller stops", async () => {
    let closed = false;
    async function* source() {
      try {
        yield* inPieces(two, 70);
      } finally {
        closed = true;
      }
    }
    for await (const member of readAr(source(), "x")) {
      expect(member.name).toBe("debian-binary");
      break;
    }
    expect(closed).toBe(true);
  });

  it.each([
    ["no archive", Buffer.from("<html>"), "is not an ar archive"],
    ["nothing", Buffer.alloc(0), "is not an ar archive"],
    ["a cut header", two.subarray(0, 100), "no ar member header at byte 72"],
    ["cut content", two.subarray(0, -3), "ends early"],
    ["GNU's long names", arOf([{ name: "/12", content: "" }]), "is not plain"],
    ["BSD's long names", arOf([{ name: "#1/20", content: "" }]), "is not plain"],
    ["a name of nothing", arOf([{ name: "", content: "" }]), "is not plain"],
    [
      "a size that is no number",
      Buffer.from(two.toString("latin1").replace("4         `", "-4        `")),
      "no number",
    ],
  ])("refuses %s", async (_, bytes, message) => {
    const reading = read(bytes);
    await expect(reading).rejects.toMatchObject({ code: "PACKAGE_FORMAT_INVALID" });
    await expect(reading).rejects.toThrowError(message);
  });
});

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "./files.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "files-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const PIECE_BYTES = 256 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Bytes of which no two pieces are alike. */
function fileOf(sizeBytes: number): { readonly file: string; readonly bytes: Uint8Array } {
  const bytes = Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 31 + (at >> 8) * 7) & 0xff);
  const file = path.join(directory, String(sizeBytes));
  writeFileSync(file, bytes);
  return { file, bytes };
}

describe("sha256()", () => {
  it.each([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])("of %d bytes", async (sizeBytes) => {
    const { file, bytes } = fileOf(sizeBytes);
    expect(await nodeFiles.sha256(file)).toBe(sha256(bytes));
  });

  it.each([
    ["a file that is not there", "nowhere"],
    ["a directory", "."],
  ])("refuses %s", async (_, name) => {
    const file = path.join(directory, name);
    await expect(nodeFiles.sha256(file)).rejects.toMatchObject({ code: "HOST_FILE_UNREADABLE" });
  });
});

describe("sha256OfRanges()", () => {
  it("takes everything outside of the ranges for zeros, and reads nothing there", async () => {
    const { file, bytes } = fileOf(5 * PIECE_BYTES + 3);
    const ranges = [
      { startBytes: 10, lengthBytes: PIECE_BYTES },
      { startBytes: PIECE_BYTES + 10, lengthBytes: 0 },
      { startBytes: 2 * PIECE_BYTES, lengthBytes: 2 * PIECE_BYTES + 1 },
    ];
    const expected = new Uint8Array(bytes.length);
    for (const { startBytes, lengthBytes } of ranges) {
      expected.set(bytes.subarray(startBytes, startBytes + lengthBytes), startBytes);
    }
    expect(await nodeFiles.sha256OfRanges(file, ranges)).toBe(sha256(expected));
  });
});

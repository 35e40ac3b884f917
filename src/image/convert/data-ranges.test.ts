import { mkdtempSync, openSync, closeSync, ftruncateSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProcessRunner, nodeFiles } from "../../host/index.ts";
import { findDataRanges, readDataRanges } from "./data-ranges.ts";

const MIB = 1024 * 1024;
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "data-ranges-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A file with 4 KiB of data at each of these places. */
function rangesOf(sizeBytes: number, places: readonly number[], name = "disk.raw") {
  const file = openSync(path.join(directory, name), "w");
  for (const place of places) writeSync(file, Buffer.alloc(4096, 1), 0, 4096, place);
  ftruncateSync(file, sizeBytes);
  closeSync(file);
  const stream = (argv: readonly [string, ...string[]]) => createProcessRunner().stream({ argv });
  return findDataRanges(nodeFiles, stream, { file: path.join(directory, name), seenDirectory: directory });
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text, "latin1");
}

describe("findDataRanges()", () => {
  it("finds the data of a file of holes", async () => {
    const places = [0, 20 * MIB, 64 * MIB - 4096];
    const ranges = await rangesOf(64 * MIB, places);
    expect(ranges.map(({ startBytes }) => startBytes)).toEqual(places);
    for (const { lengthBytes } of ranges) expect(lengthBytes).toBe(4096);
  });

  it("finds many ranges, whatever the name is", async () => {
    const places = Array.from({ length: 3000 }, (_, index) => index * 2 * 64 * 1024);
    expect((await rangesOf(400 * MIB, places, ".größe.raw")).map(({ startBytes }) => startBytes)).toEqual(places);
  });

  it.each([
    ["nothing but a hole", MIB, [], []],
    ["nothing", 0, [], []],
    ["no hole", 8192, [0, 4096], [{ startBytes: 0, lengthBytes: 8192 }]],
  ])("knows a file with %s", async (_, sizeBytes, places, expected) => {
    expect(await rangesOf(sizeBytes, places)).toEqual(expected);
  });

  it("is all that has to be read for the digest of the whole file", async () => {
    const ranges = await rangesOf(64 * MIB, [MIB, 20 * MIB, 64 * MIB - 4096]);
    const file = path.join(directory, "disk.raw");
    expect(await nodeFiles.sha256OfRanges(file, ranges)).toBe(await nodeFiles.sha256(file));
    expect(await nodeFiles.sha256OfRanges(file, [])).not.toBe(await nodeFiles.sha256(file));
  });

  it("refuses what is no archive", async () => {
    await expect(readDataRanges(pieces("tar: ", "no"), 1)).rejects.toMatchObject({ code: "HOST_PROGRAM_FAILED" });
  });
});

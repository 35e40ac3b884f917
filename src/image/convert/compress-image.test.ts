import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProcessRunner, nodeFiles } from "../../host/index.ts";
import { compressImage } from "./compress-image.ts";
import { findDataRanges } from "./data-ranges.ts";

const MIB = 1024 * 1024;
let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "compress-image-"));
  file = path.join(directory, "disk.raw");
});
afterEach(() => rmSync(directory, { recursive: true }));

type Run = (argv: readonly [string, ...string[]]) => Promise<unknown>;
const start: Run = ([program, ...args]) => promisify(execFile)(program, args);
const processes = createProcessRunner();
async function compress(compression: string, run: Run = start, threadCount = 2): Promise<string> {
  const seen = { file, seenDirectory: directory };
  const ranges = await findDataRanges(nodeFiles, (argv) => processes.stream({ argv }), seen);
  return compressImage(nodeFiles, run, { ...seen, compression, ranges, threadCount });
}

beforeEach(() => writeFileSync(file, ""));

describe("compressImage()", () => {
  it.each([
    ["bz2", ".bz2"],
    ["xz", ".xz"],
    ["zstd", ".zst"],
  ])("calls the program of %s, which keeps the image", async (compression, suffix) => {
    const calls: (readonly string[])[] = [];
    expect(await compress(compression, async (argv) => calls.push(argv))).toBe(`${file}${suffix}`);
    expect(calls).toEqual([expect.arrayContaining(["--keep", "--force", "--", file])]);
  });

  it("never lets a program take its single-threaded form, which writes other bytes", async () => {
    const calls: string[] = [];
    for (const compression of ["xz", "zstd"]) {
      await compress(compression, async (argv) => calls.push(...argv), 0);
    }
    expect(calls).toEqual(expect.arrayContaining(["--threads=+1", "-T1"]));
  });

  it.each(["lz4", "toString", ""])("refuses %j", async (compression) => {
    await expect(compress(compression)).rejects.toMatchObject({ code: "TEMPLATE_UNSUPPORTED" });
  });
});

describe("compressImage() with gzip", () => {
  it.each([
    ["nothing", 0],
    ["less than a block", 5],
    ["one block", 16 * MIB],
    ["a block of zeros and a rest of zeros", 17 * MIB],
  ])("gives back %s", async (_, sizeBytes) => {
    writeFileSync(file, "");
    truncateSync(file, sizeBytes);
    expect(await compress("gz")).toBe(`${file}.gz`);
    expect(gunzipSync(readFileSync(`${file}.gz`)).equals(Buffer.alloc(sizeBytes))).toBe(true);
    expect(readdirSync(directory)).toEqual(["disk.raw", "disk.raw.gz"]);
  });

  it("compresses blocks in holes once", async () => {
    writeFileSync(file, "start");
    truncateSync(file, 320 * MIB);
    const blocks: string[] = [];
    await compress("gzip", (argv) => {
      blocks.push(...argv.slice(7));
      return start(argv);
    });
    expect(blocks.sort()).toEqual(["0", "1"]);
  });

  it("gives the same bytes for zeros that are no holes", async () => {
    writeFileSync(file, Buffer.alloc(40 * MIB));
    await compress("gz");
    const written = readFileSync(`${file}.gz`);
    writeFileSync(file, "");
    truncateSync(file, 40 * MIB);
    await compress("gz");
    expect(readFileSync(`${file}.gz`).equals(written)).toBe(true);
  });

  it("leaves nothing when a program fails, or reads less than a block", async () => {
    writeFileSync(file, "x".repeat(100));
    const broken = (): Promise<never> => Promise.reject(new Error("no gzip"));
    await expect(compress("gz", broken)).rejects.toThrow("no gzip");
    const short: Run = async ([program, ...args]) => {
      truncateSync(file, 50);
      return start([program, ...args]);
    };
    await expect(compress("gz", short)).rejects.toMatchObject({ code: "HOST_PROGRAM_FAILED" });
    expect(readdirSync(directory)).toEqual(["disk.raw"]);
  });
});

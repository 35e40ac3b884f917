import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProcessRunner, nodeFiles } from "../../host/index.ts";
import { sha256 } from "../../core/index.ts";
import type { CompressedFile, RunProgram } from "./compress-gzip.ts";
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

const processes = createProcessRunner();
const start: RunProgram = (argv, onLine = () => undefined) => processes.run({ argv, onLine });
/** What is called a compressor makes a file. */
const pretend =
  (calls: (readonly string[])[]): RunProgram =>
  async (argv) => {
    calls.push(argv);
    writeFileSync(`${file}${{ bzip2: ".bz2", xz: ".xz" }[argv[0]] ?? ".zst"}`, "compressed");
  };
async function compress(compression: string, run: RunProgram = start, threadCount = 2): Promise<CompressedFile> {
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
    const expected = { file: `${file}${suffix}`, sha256: sha256("compressed") };
    expect(await compress(compression, pretend(calls))).toEqual(expected);
    expect(calls).toEqual([expect.arrayContaining(["--keep", "--force", "--", file])]);
  });

  it("never lets a program take its single-threaded form, which writes other bytes", async () => {
    const calls: (readonly string[])[] = [];
    for (const compression of ["xz", "zstd"]) await compress(compression, pretend(calls), 0);
    expect(calls.flat()).toEqual(expect.arrayContaining(["--threads=+1", "-T1"]));
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
    const { file: compressed, sha256: digest } = await compress("gz");
    expect([compressed, digest]).toEqual([`${file}.gz`, sha256(readFileSync(`${file}.gz`))]);
    expect(gunzipSync(readFileSync(`${file}.gz`)).equals(Buffer.alloc(sizeBytes))).toBe(true);
    expect(readdirSync(directory)).toEqual(["disk.raw", "disk.raw.gz"]);
  });

  it("compresses blocks in holes once", async () => {
    writeFileSync(file, "start");
    truncateSync(file, 320 * MIB);
    const blocks: string[] = [];
    await compress("gzip", (argv, onLine) => {
      blocks.push(...argv.slice(7));
      return start(argv, onLine);
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

  it("puts together what is there while the rest is compressed, and hears of a failure then", async () => {
    writeFileSync(file, Buffer.alloc(24 * MIB, "a"));
    const run: RunProgram = async (argv, onLine) => {
      const [fixed, [first = "", ...rest]] = [argv.slice(0, 7), argv.slice(7)];
      const begin = (...blocks: string[]) => start([...fixed, ...blocks] as unknown as [string], onLine);
      await begin(first);
      if (first === "0") return begin(...rest);
      // The first two blocks leave their directory while the others have not begun.
      await expect.poll(() => readdirSync(path.join(directory, argv[6] ?? ""))).not.toContain("1");
      throw new Error("killed");
    };
    await expect(compress("gz", run)).rejects.toThrow("killed");
    expect(readdirSync(directory)).toEqual(["disk.raw"]);
  });

  it("leaves nothing when a program fails, or reads less than a block", async () => {
    writeFileSync(file, "x".repeat(100));
    const broken = (): Promise<never> => Promise.reject(new Error("no gzip"));
    await expect(compress("gz", broken)).rejects.toThrow("no gzip");
    const short: RunProgram = async (argv, onLine) => {
      truncateSync(file, 50);
      return start(argv, onLine);
    };
    await expect(compress("gz", short)).rejects.toMatchObject({ code: "HOST_PROGRAM_FAILED" });
    expect(readdirSync(directory)).toEqual(["disk.raw"]);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../core/index.ts";
import { type ByteRange, createProcessRunner, nodeFiles } from "../../host/index.ts";
import { type CompressedFile, openGzip, type RunProgram } from "./compress-gzip.ts";
import { findDataRanges } from "./data-ranges.ts";

const MIB = 1024 * 1024;
let directory: string;
let file: string;
/** The blocks that were compressed, in the order in which they were done. */
let blocks: number[];
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "compress-gzip-"));
  file = path.join(directory, "disk.raw");
  writeFileSync(file, "");
  blocks = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const processes = createProcessRunner();
const start: RunProgram = (argv, onLine) =>
  processes.run({
    argv,
    onLine: (line) => {
      blocks.push(Number(line));
      onLine?.(line);
    },
  });
const findRanges = (): Promise<ByteRange[]> =>
  findDataRanges(nodeFiles, (argv) => processes.stream({ argv }), { file, seenDirectory: directory });

/** @param settled ranges in MiB that are compressed before `change` makes the rest of the image */
async function compress(
  run: RunProgram = start,
  settled: readonly (readonly [start: number, length: number])[] = [],
  change: () => void | Promise<void> = () => undefined,
): Promise<CompressedFile> {
  await using gzip = openGzip(nodeFiles, run, { file, seenDirectory: directory, threadCount: 2 });
  const range = ([first, length]: readonly [number, number]) => ({
    startBytes: first * MIB,
    lengthBytes: length * MIB,
  });
  if (settled.length > 0) await gzip.begin(await findRanges(), settled.map(range));
  await change();
  return await gzip.finish(await findRanges());
}

describe("openGzip()", () => {
  it.each([
    ["nothing", 0],
    ["less than a block", 5],
    ["one block", 4 * MIB],
    ["blocks of zeros and a rest of zeros", 17 * MIB],
  ])("gives back %s", async (_, sizeBytes) => {
    truncateSync(file, sizeBytes);
    const { file: compressed, sha256: digest } = await compress();
    expect([compressed, digest]).toEqual([`${file}.gz`, sha256(readFileSync(`${file}.gz`))]);
    expect(gunzipSync(readFileSync(`${file}.gz`)).equals(Buffer.alloc(sizeBytes))).toBe(true);
    expect(readdirSync(directory)).toEqual(["disk.raw", "disk.raw.gz"]);
  });

  it("compresses blocks in holes once", async () => {
    writeFileSync(file, "start");
    truncateSync(file, 320 * MIB);
    await compress();
    expect(blocks.sort()).toEqual([0, 1]);
  });

  it("gives the same bytes for zeros that are no holes", async () => {
    writeFileSync(file, Buffer.alloc(40 * MIB));
    const { sha256: written } = await compress();
    writeFileSync(file, "");
    truncateSync(file, 40 * MIB);
    expect((await compress()).sha256).toBe(written);
  });

  it("begins with whole blocks that are settled, and gives the same bytes", async () => {
    writeFileSync(file, Buffer.alloc(22 * MIB, "a"));
    const settled = [
      [0, 5],
      [9, 7],
    ] as const;
    await compress(start, settled, async () => {
      await expect.poll(() => blocks, { timeout: 10_000 }).toEqual([0, 3]);
      writeFileSync(file, Buffer.alloc(22 * MIB, "b"));
    });
    expect(blocks.sort()).toEqual([0, 1, 2, 3, 4, 5]);
    const [a, b] = ["a", "b"].map((letter) => Buffer.alloc(4 * MIB, letter)) as [Buffer, Buffer];
    const expected = Buffer.concat([a, b, b, a, b, b.subarray(0, 2 * MIB)]);
    const written = readFileSync(`${file}.gz`);
    expect(gunzipSync(written).equals(expected)).toBe(true);

    writeFileSync(file, expected);
    await compress();
    expect(readFileSync(`${file}.gz`).equals(written)).toBe(true);
  });

  it("puts together what is there while the rest is compressed, and hears of a failure then", async () => {
    writeFileSync(file, Buffer.alloc(24 * MIB, "a"));
    const run: RunProgram = async (argv, onLine) => {
      const [fixed, [first = "", second = "", ...rest]] = [argv.slice(0, 7), argv.slice(7)];
      const begin = (...numbers: string[]) => start([...fixed, ...numbers] as unknown as [string], onLine);
      await begin(first, second);
      // The first two blocks leave their directory while the others have not begun.
      await expect.poll(() => readdirSync(path.join(directory, argv[6] ?? "")), { timeout: 10_000 }).not.toContain("1");
      expect(rest).toHaveLength(4);
      throw new Error("killed");
    };
    await expect(compress(run)).rejects.toThrow("killed");
    expect(readdirSync(directory)).toEqual(["disk.raw"]);
  });

  it("hears of a failure of what it began with, and leaves nothing", async () => {
    writeFileSync(file, Buffer.alloc(8 * MIB, "a"));
    let calls = 0;
    const run: RunProgram = (argv, onLine) =>
      (calls += 1) === 1 ? Promise.reject(new Error("killed")) : start(argv, onLine);
    await expect(compress(run, [[0, 8]])).rejects.toThrow("killed");
    expect(readdirSync(directory)).toEqual(["disk.raw"]);
  });

  it("leaves nothing when the image is never finished", async () => {
    writeFileSync(file, Buffer.alloc(8 * MIB, "a"));
    const stop = (): never => {
      throw new Error("no initrd");
    };
    await expect(compress(start, [[0, 8]], stop)).rejects.toThrow("no initrd");
    expect(readdirSync(directory)).toEqual(["disk.raw"]);
  });

  it("leaves nothing when a program fails, or reads less than a block", async () => {
    writeFileSync(file, "x".repeat(100));
    const broken = (): Promise<never> => Promise.reject(new Error("no gzip"));
    await expect(compress(broken)).rejects.toThrow("no gzip");
    const short: RunProgram = async (argv, onLine) => {
      truncateSync(file, 50);
      return start(argv, onLine);
    };
    await expect(compress(short)).rejects.toMatchObject({ code: "HOST_PROGRAM_FAILED" });
    expect(readdirSync(directory)).toEqual(["disk.raw"]);
  });

  it("tells why a block cannot be begun", async () => {
    const run: RunProgram = (argv) => {
      rmSync(path.join(directory, argv[6] ?? ""), { recursive: true });
      return start(argv);
    };
    const error: unknown = await compress(run).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "HOST_PROGRAM_FAILED", details: [expect.stringMatching(/0\.taken/)] });
  });
});

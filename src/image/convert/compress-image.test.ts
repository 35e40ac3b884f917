import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../core/index.ts";
import { nodeFiles } from "../../host/index.ts";
import type { CompressedFile, RunProgram } from "./compress-gzip.ts";
import { compressImage } from "./compress-image.ts";

let directory: string;
let file: string;
let calls: (readonly string[])[];
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "compress-image-"));
  file = path.join(directory, "disk.raw");
  writeFileSync(file, "");
  calls = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What is called a compressor makes a file. */
const pretend: RunProgram = async (argv) => {
  calls.push(argv);
  writeFileSync(`${file}${{ bzip2: ".bz2", xz: ".xz" }[argv[0]] ?? ".zst"}`, "compressed");
};

const compress = (compression: string, threadCount = 2): Promise<CompressedFile> =>
  compressImage(nodeFiles, pretend, { file, seenDirectory: directory, compression, threadCount });

describe("compressImage()", () => {
  it.each([
    ["bz2", ".bz2"],
    ["xz", ".xz"],
    ["zstd", ".zst"],
  ])("calls the program of %s, which keeps the image", async (compression, suffix) => {
    const expected = { file: `${file}${suffix}`, sha256: sha256("compressed") };
    expect(await compress(compression)).toEqual(expected);
    expect(calls).toEqual([expect.arrayContaining(["--keep", "--force", "--", file])]);
  });

  it("never lets a program take its single-threaded form, which writes other bytes", async () => {
    for (const compression of ["xz", "zstd"]) await compress(compression, 0);
    expect(calls.flat()).toEqual(expect.arrayContaining(["--threads=+1", "-T1"]));
  });

  it.each(["lz4", "toString", ""])("refuses %j", async (compression) => {
    await expect(compress(compression)).rejects.toMatchObject({ code: "TEMPLATE_UNSUPPORTED" });
  });
});

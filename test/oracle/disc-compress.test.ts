import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProcessRunner, nodeFiles } from "../../src/host/index.ts";
import { compressImage, findDataRanges, openGzip, type RunProgram } from "../../src/image/index.ts";

const MIB = 1024 * 1024;
const processes = createProcessRunner();
let directory: string;
let image: string;

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "disc-compress-"));
  image = path.join(directory, "disk.raw");
  // Programs between holes, and more than two blocks of xz.
  const program = fs.readFileSync(process.execPath).subarray(0, 4 * MIB);
  const file = fs.openSync(image, "w");
  fs.writeSync(file, program, 0, program.length, MIB);
  fs.writeSync(file, program, 0, program.length, 20 * MIB);
  fs.writeSync(file, program, 0, program.length, 40 * MIB);
  fs.ftruncateSync(file, 48 * MIB);
  fs.closeSync(file);
});

afterAll(() => {
  fs.rmSync(directory, { recursive: true });
});

async function compress(compression: string, threadCount: number): Promise<{ file: string; sha256: string }> {
  const run: RunProgram = (argv, onLine = () => undefined) => processes.run({ argv, onLine });
  const options = { file: image, seenDirectory: directory, threadCount };
  if (compression !== "gz") return compressImage(nodeFiles, run, { ...options, compression });
  const ranges = await findDataRanges(nodeFiles, (argv) => processes.stream({ argv }), options);
  await using gzip = openGzip(nodeFiles, run, options);
  return await gzip.finish(ranges);
}

describe("images compressed with the programs of this host", () => {
  it.each([
    ["gz", "gzip"],
    ["xz", "xz"],
    ["zstd", "zstd"],
  ])("gives the same %s file for any number of threads, and the image back", async (compression, program) => {
    const digests = new Set<string>();
    let outputFile = "";
    for (const threadCount of [1, 2, 3]) {
      const compressed = await compress(compression, threadCount);
      outputFile = compressed.file;
      expect(compressed.sha256).toBe(await nodeFiles.sha256(outputFile));
      digests.add(compressed.sha256);
    }
    expect(digests.size).toBe(1);
    const restored = execFileSync(program, ["-d", "-c", outputFile], { maxBuffer: 100 * MIB });
    expect(restored.equals(fs.readFileSync(image))).toBe(true);
  });
});

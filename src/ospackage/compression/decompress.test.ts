import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inPieces } from "../../../test/fixtures/make-deb.ts";
import { type BuildEvent, ComposerError } from "../../core/index.ts";
import { type ProcessRunner, createProcessRunner } from "../../host/index.ts";
import { type CompressionFormat, type DecompressOptions, compressionOfName, decompress } from "./decompress.ts";

const PLAIN = Buffer.from(Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(""));
/** "hello\n", by xz --format=xz. */
const HELLO_XZ = Buffer.from(
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFaGVsbG8KAAAApWCX8ZT2/eAAAR4GwS+kHR+2830BAAAAAARZWg==",
  "base64",
);
/** The same, by bzip2. */
const HELLO_BZ2 = Buffer.from("QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi", "base64");

const missing = async (): Promise<never> => {
  throw new ComposerError("HOST_TOOL_MISSING", "no xz");
};
const withoutPrograms = (): ProcessRunner => ({
  run: missing,
  async *stream() {
    await missing();
  },
});

async function plainOf(
  format: CompressionFormat,
  bytes: Uint8Array,
  options?: DecompressOptions,
  processes = createProcessRunner(),
): Promise<Buffer> {
  return collect(decompress({ processes }, format, inPieces(bytes, 4096), options));
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("decompress()", () => {
  it.each([
    ["none", PLAIN],
    ["gz", gzipSync(PLAIN)],
    ["gz", Buffer.concat([gzipSync(PLAIN.subarray(0, 9999)), gzipSync(PLAIN.subarray(9999))])],
    ["zstd", zstdCompressSync(PLAIN)],
  ] as const)("reads %s", async (format, bytes) => {
    expect((await plainOf(format, bytes)).equals(PLAIN)).toBe(true);
  });

  it("reads xz without the program, and says once that this is slow", async () => {
    const events: BuildEvent[] = [];
    const emit = (event: BuildEvent): void => void events.push(event);
    const processes = withoutPrograms();
    for (let time = 0; time < 2; time += 1) {
      expect((await plainOf("xz", HELLO_XZ, { emit }, processes)).toString()).toBe("hello\n");
    }
    expect(events).toMatchObject([{ type: "warning", code: "SLOW_DECODER" }]);
  });

  it("finds the built-in decoder in plain Node.js too", async () => {
    const program = `
      import { decompress } from ${JSON.stringify(new URL("decompress.ts", import.meta.url).href)};
      const processes = { run: () => Promise.reject(new Error("none")) };
      const source = [Buffer.from("${HELLO_XZ.toString("base64")}", "base64")];
      for await (const piece of decompress({ processes }, "xz", source)) process.stdout.write(piece);`;
    const argv = [process.execPath, "--input-type=module", "--eval", program] as const;
    expect((await createProcessRunner().run({ argv })).stdout).toBe("hello\n");
  });

  it("reads bz2", async () => {
    expect((await plainOf("bz2", HELLO_BZ2)).toString()).toBe("hello\n");
  });

  it.each(["lzma", "bz2"] as const)("needs the program for %s", async (format) => {
    await expect(plainOf(format, PLAIN, {}, withoutPrograms())).rejects.toMatchObject({ code: "HOST_TOOL_MISSING" });
  });

  it.each([
    ["gz", gzipSync(PLAIN)],
    ["zstd", zstdCompressSync(PLAIN, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
    ["xz", HELLO_XZ],
    ["bz2", HELLO_BZ2],
  ] as const)("refuses damaged and cut %s with the caller's words and code", async (format, bytes) => {
    const options = { object: 'the index "p"', damaged: "REPOSITORY_METADATA_INVALID" } as const;
    const broken = Buffer.from(bytes);
    broken.fill(0x55, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 10);
    for (const processes of format === "bz2" ? [createProcessRunner()] : [createProcessRunner(), withoutPrograms()]) {
      for (const input of [broken, bytes.subarray(0, -10), Buffer.from("no such format at all")]) {
        const reading = plainOf(format, input, options, processes);
        await expect(reading).rejects.toMatchObject({ code: "REPOSITORY_METADATA_INVALID" });
        await expect(reading).rejects.toThrowError('Cannot decompress the index "p": ');
      }
    }
  });

  it.each(["none", "gz", "zstd", "xz"] as const)("passes on the failure of a source of %s", async (format) => {
    async function* failing() {
      yield HELLO_XZ.subarray(0, 12);
      throw new ComposerError("HOST_FILE_UNREADABLE", "gone");
    }
    const reading = collect(decompress({ processes: createProcessRunner() }, format, failing()));
    await expect(reading).rejects.toMatchObject({ code: "HOST_FILE_UNREADABLE" });
  });

  it("lets the caller stop early", async () => {
    for await (const piece of decompress({ processes: createProcessRunner() }, "gz", inPieces(gzipSync(PLAIN)))) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe("compressionOfName()", () => {
  it.each([
    ["Packages.xz", "xz"],
    ["data.tar.zst", "zstd"],
    ["data.tar.gz", "gz"],
    ["data.tar.lzma", "lzma"],
    ["primary.xml.bz2", "bz2"],
    ["Packages", "none"],
    ["x.constructor", "none"],
  ])("%s is %s", (name, format) => {
    expect(compressionOfName(name)).toBe(format);
  });
});

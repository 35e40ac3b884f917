import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";
import type { CompressedFile, GzipOptions, RunProgram } from "./compress-gzip.ts";

interface Compressor {
  readonly suffix: string;
  /** The output depends on these and on the input only, not on the number of threads. */
  readonly argv: (threadCount: number) => readonly [string, ...string[]];
}

const COMPRESSORS: Readonly<Record<string, Compressor>> = {
  bz2: { suffix: ".bz2", argv: () => ["bzip2", "-9"] },
  xz: {
    suffix: ".xz",
    // Blocks of one size; "+1" is one thread that writes them as several do (plain 1 leaves their sizes out), and no
    // memory limit may change the settings.
    argv: (threadCount) => [
      ...(["xz", "-6", "--block-size=16MiB", "--check=crc64", "--no-adjust"] as const),
      `--threads=${threadCount > 1 ? threadCount : "+1"}`,
    ],
  },
  zstd: {
    suffix: ".zst",
    // Jobs are cut by level and not by workers, as long as it is not --single-thread.
    argv: (threadCount) => ["zstd", "-9", `-T${Math.max(1, threadCount)}`],
  },
};

/** What `openGzip` compresses. */
export function isGzip(compression: string | undefined): boolean {
  return compression === "gz" || compression === "gzip";
}

export interface CompressionOptions extends GzipOptions {
  /** Not gzip, which is begun before the image is complete. */
  readonly compression: string;
}

/**
 * Compresses an image beside itself and keeps it: the same bytes for any number of threads.
 *
 * @param run starts a program of the tool root
 * @throws {TEMPLATE_UNSUPPORTED} the name of a compression that is not known
 * @throws {HOST_PROGRAM_FAILED} @throws {HOST_FILE_UNREADABLE}
 */
export async function compressImage(
  files: HostFiles,
  run: RunProgram,
  { compression, file, seenDirectory, threadCount }: CompressionOptions,
): Promise<CompressedFile> {
  const { argv, suffix } = compressorOf(compression);
  const seenFile = path.posix.join(seenDirectory, path.basename(file));
  const output = `${file}${suffix}`;
  try {
    await run([...argv(threadCount), "--quiet", "--keep", "--force", "--", seenFile]);
  } catch (error) {
    await files.remove(output);
    throw error;
  }
  return { file: output, sha256: await files.sha256(output) };
}

function compressorOf(compression: string): Compressor {
  const compressor = Object.hasOwn(COMPRESSORS, compression) ? COMPRESSORS[compression] : undefined;
  if (compressor !== undefined) return compressor;
  throw new ComposerError(
    "TEMPLATE_UNSUPPORTED",
    `Cannot compress an image: "${compression}" is no known compression`,
    { hint: `Use one of gz, ${Object.keys(COMPRESSORS).join(", ")}` },
  );
}

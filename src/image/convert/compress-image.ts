import { ComposerError } from "../../core/index.ts";

/** The call of a program that makes `outputFile` beside its input and keeps the input. */
export interface CompressionPlan {
  readonly argv: readonly [string, ...string[]];
  readonly outputFile: string;
  /** What is added to the file's name, with its period. */
  readonly suffix: string;
  /** The Debian package that brings the program. */
  readonly package: string;
}

interface Compressor {
  readonly suffix: string;
  readonly package: string;
  /** The output depends on these and on the input only, not on the number of threads. */
  readonly argv: (threadCount: number) => readonly [string, ...string[]];
}

const GZIP: Compressor = { suffix: ".gz", package: "gzip", argv: () => ["gzip", "--no-name", "-6"] };

const COMPRESSORS: Readonly<Record<string, Compressor>> = {
  gz: GZIP,
  gzip: GZIP,
  bz2: { suffix: ".bz2", package: "bzip2", argv: () => ["bzip2", "-9"] },
  xz: {
    suffix: ".xz",
    package: "xz-utils",
    // Blocks of one size; "+1" is one thread that writes them as several do (plain 1 leaves their sizes out), and no
    // memory limit may change the settings.
    argv: (threadCount) => [
      ...(["xz", "-6", "--block-size=16MiB", "--check=crc64", "--no-adjust"] as const),
      `--threads=${threadCount > 1 ? threadCount : "+1"}`,
    ],
  },
  zstd: {
    suffix: ".zst",
    package: "zstd",
    // Jobs are cut by level and not by workers, as long as it is not --single-thread.
    argv: (threadCount) => ["zstd", "-9", `-T${Math.max(1, threadCount)}`],
  },
};

/**
 * How an image file is compressed: the same bytes for any number of threads.
 *
 * @param file as the program sees it
 * @throws {TEMPLATE_UNSUPPORTED} the name of a compression that is not known
 */
export function planCompression(compression: string, file: string, threadCount: number): CompressionPlan {
  const compressor = Object.hasOwn(COMPRESSORS, compression) ? COMPRESSORS[compression] : undefined;
  if (compressor === undefined) {
    throw new ComposerError(
      "TEMPLATE_UNSUPPORTED",
      `Cannot compress an image: "${compression}" is no known compression`,
      {
        hint: `Use one of ${Object.keys(COMPRESSORS).join(", ")}`,
      },
    );
  }
  return {
    argv: [...compressor.argv(threadCount), "--quiet", "--keep", "--force", "--", file],
    outputFile: `${file}${compressor.suffix}`,
    suffix: compressor.suffix,
    package: compressor.package,
  };
}

/**
 * Compresses a file beside itself.
 *
 * @param run starts a program where `file` is visible, such as the tool root
 * @throws {TEMPLATE_UNSUPPORTED} the name of a compression that is not known
 */
export async function compressImage(
  run: (argv: readonly [string, ...string[]]) => Promise<unknown>,
  options: { readonly compression: string; readonly file: string; readonly threadCount: number },
): Promise<CompressionPlan> {
  const plan = planCompression(options.compression, options.file, options.threadCount);
  await run(plan.argv);
  return plan;
}

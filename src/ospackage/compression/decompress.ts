import { Readable, type Transform, pipeline } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { ComposerError, type ErrorCode, type EventSink, messageOf } from "../../core/index.ts";
import type { Host, ProcessRunner } from "../../host/index.ts";

export type CompressionFormat = "none" | "gz" | "xz" | "zstd" | "lzma" | "bz2";

export interface DecompressOptions {
  /** What is read, for messages: `the index "…"`. */
  readonly object?: string;
  /** The code of damaged input; PACKAGE_FORMAT_INVALID when absent. */
  readonly damaged?: ErrorCode;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

const FORMAT_OF_EXTENSION: Readonly<Record<string, CompressionFormat>> = {
  gz: "gz",
  xz: "xz",
  zst: "zstd",
  lzma: "lzma",
  bz2: "bz2",
};

/** The format that the end of a file name tells: `Packages.xz`, `data.tar.zst`; "none" for any other ending. */
export function compressionOfName(fileName: string): CompressionFormat {
  const extension = fileName.slice(fileName.lastIndexOf(".") + 1);
  return (Object.hasOwn(FORMAT_OF_EXTENSION, extension) ? FORMAT_OF_EXTENSION[extension] : undefined) ?? "none";
}

/**
 * The plain bytes of a compressed stream.
 *
 * @throws {PACKAGE_FORMAT_INVALID} or `options.damaged`: the input is damaged or cut short
 * @throws {HOST_TOOL_MISSING} lzma, and the host has no `xz`; bz2, and it has no `bzip2`
 */
export async function* decompress(
  host: Pick<Host, "processes">,
  format: CompressionFormat,
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = guarded(source);
  try {
    yield* decoded(host, format, input.pieces(), options);
  } catch (error) {
    input.rethrow();
    if (error instanceof TypeError) throw error;
    if (error instanceof ComposerError && error.code !== "HOST_PROGRAM_FAILED") throw error;
    const reason = error instanceof ComposerError ? (error.details.at(-1) ?? error.message) : messageOf(error);
    const object = options.object ?? "the compressed file";
    throw new ComposerError(options.damaged ?? "PACKAGE_FORMAT_INVALID", `Cannot decompress ${object}: ${reason}`, {
      cause: error,
    });
  }
  input.rethrow();
}

async function* decoded(
  host: Pick<Host, "processes">,
  format: CompressionFormat,
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  switch (format) {
    case "none":
      yield* source;
      return;
    case "gz":
      yield* through(createGunzip({ chunkSize: PIECE_BYTES }), source);
      return;
    case "zstd":
      yield* through(createZstdDecompress({ chunkSize: PIECE_BYTES }), source);
      return;
    case "xz":
      if (await hasXz(host.processes)) {
        yield* throughXz(host, ["-T0"], source, options);
      } else {
        warnOnce(options.emit);
        yield* throughWasm(source);
      }
      return;
    case "lzma":
      yield* throughXz(host, ["--format=lzma"], source, options);
      return;
    case "bz2":
      yield* throughProgram(host, ["bzip2", "--decompress", "--stdout"], "bzip2", source, options);
  }
}

const PIECE_BYTES = 256 * 1024;

async function* through(decoder: Transform, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The iterator over `decoder` reports the failure of either end.
  pipeline(Readable.from(source), decoder, () => undefined);
  yield* decoder as AsyncIterable<Uint8Array>;
}

/** The strongest of its levels needs 65 MiB; the format goes up to 4 GiB. */
const XZ_MEMORY = "--memlimit-decompress=256MiB";

function throughXz(
  host: Pick<Host, "processes">,
  args: readonly string[],
  input: AsyncIterable<Uint8Array>,
  options: DecompressOptions,
): AsyncIterable<Uint8Array> {
  return throughProgram(host, ["xz", "--decompress", "--stdout", XZ_MEMORY, ...args], "xz-utils", input, options);
}

/** @param packageName what to install when the host lacks the program */
function throughProgram(
  host: Pick<Host, "processes">,
  argv: readonly [string, ...string[]],
  packageName: string,
  input: AsyncIterable<Uint8Array>,
  { signal }: DecompressOptions,
): AsyncIterable<Uint8Array> {
  return host.processes.stream({ argv, input, package: packageName, ...(signal === undefined ? {} : { signal }) });
}

async function* throughWasm(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Its CommonJS form hides the named export from Node.js.
  const { default: xz } = await import("xz-decompress");
  yield* new xz.XzReadableStream(ReadableStream.from(source));
}

const xzProbes = new WeakMap<ProcessRunner, Promise<boolean>>();

async function hasXz(processes: ProcessRunner): Promise<boolean> {
  let probe = xzProbes.get(processes);
  if (probe === undefined) {
    probe = processes.run({ argv: ["xz", "--version"] }).then(
      () => true,
      () => false,
    );
    xzProbes.set(processes, probe);
  }
  return probe;
}

const warned = new WeakSet<EventSink>();

function warnOnce(emit: EventSink | undefined): void {
  if (emit === undefined || warned.has(emit)) return;
  warned.add(emit);
  const message = 'This host has no "xz": a built-in decoder is used, which is several times slower (install xz-utils)';
  emit({ type: "warning", code: "SLOW_DECODER", message });
}

/** Keeps a failure of the source apart from the decoder's: the decoder only sees an early end. */
function guarded(source: AsyncIterable<Uint8Array>) {
  let failure: { readonly error: unknown } | undefined;
  return {
    async *pieces(): AsyncGenerator<Uint8Array> {
      try {
        yield* source;
      } catch (error) {
        failure = { error };
      }
    },
    rethrow(): void {
      if (failure !== undefined) throw failure.error;
    },
  };
}

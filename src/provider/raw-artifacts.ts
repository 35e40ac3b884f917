import path from "node:path";
import type { RootRunner } from "../chroot/index.ts";
import type { ArtifactSection } from "../config/index.ts";
import type { ByteRange, Host } from "../host/index.ts";
import { compressImage, findDataRanges, isGzip, openGzip, type RunProgram } from "../image/index.ts";
import type { Artifact } from "./provider.ts";

/** The files that a raw image is delivered as. */
export interface RawArtifacts extends AsyncDisposable {
  /** Goes ahead with parts of the image that nobody writes to any more. */
  begin(complete: readonly ByteRange[]): Promise<void>;
  /** Compresses the complete image as the template asks, and gives every file its name once it is complete. */
  finish(): Promise<Artifact[]>;
}

interface RawArtifactsRequest {
  /** The image under the name that it has while it is made. */
  readonly image: string;
  /** Of the raw image; compressed ones have a suffix. */
  readonly finalName: string;
  readonly wanted: readonly ArtifactSection[];
}

/** Where the image is seen inside the tool root. */
const IMAGE_DIRECTORY = "/run/image";

/** Nothing is done, and nothing there, before the first call. */
export function openRawArtifacts(
  host: Host,
  tools: RootRunner,
  { image, finalName, wanted }: RawArtifactsRequest,
): RawArtifacts {
  const bind = { source: path.dirname(image), target: IMAGE_DIRECTORY, writable: true };
  const run: RunProgram = (argv, onLine) =>
    tools.run({ argv, binds: [bind], ...(onLine === undefined ? {} : { onLine }) });
  const stream = (argv: readonly [string, ...string[]]) => tools.stream({ argv, binds: [bind] });
  const options = { file: image, seenDirectory: IMAGE_DIRECTORY, threadCount: host.environment.cpuCount };
  const findRanges = () => findDataRanges(host.files, stream, options);
  const gzip = wanted.some(({ compression }) => isGzip(compression)) ? openGzip(host.files, run, options) : undefined;

  return {
    async begin(complete) {
      await gzip?.begin(await findRanges(), complete);
    },
    async finish() {
      const ranges = await findRanges();
      const artifacts: Artifact[] = [];
      for (const { compression } of wanted) {
        if (compression === undefined) continue;
        const { file, sha256 } =
          gzip !== undefined && isGzip(compression)
            ? await gzip.finish(ranges)
            : await compressImage(host.files, run, { ...options, compression });
        const target = `${finalName}${path.extname(file)}`;
        artifacts.push(await publish(host, file, { path: target, compression, sha256 }));
      }
      const isRawWanted = wanted.some(({ compression }) => compression === undefined);
      if (isRawWanted) {
        const sha256 = await host.files.sha256OfRanges(image, ranges);
        artifacts.push(await publish(host, image, { path: finalName, compression: undefined, sha256 }));
      }
      return artifacts;
    },
    [Symbol.asyncDispose]: async () => gzip?.[Symbol.asyncDispose](),
  };
}

async function publish(
  host: Host,
  from: string,
  artifact: Pick<Artifact, "path" | "compression" | "sha256">,
): Promise<Artifact> {
  await host.files.rename(from, artifact.path);
  const stat = await host.files.stat(artifact.path);
  return { ...artifact, format: "raw", sizeBytes: stat?.sizeBytes ?? 0 };
}

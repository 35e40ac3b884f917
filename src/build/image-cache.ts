import path from "node:path";
import { type EventSink, isComposerError, type Step } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { type BuiltImage, saveResultsInBoth, type ShelvedResultOptions, shelveResultsIn } from "../provider/index.ts";
import type { BuildPlaces } from "./build-paths.ts";
import type { StepRun } from "./run-steps.ts";

const IMAGE_RECORD = "image.json";
const EVIDENCE_RECORD = "evidence.json";

/** Images and evidence of earlier builds of one system, a directory for each. */
export interface ImageCache {
  /** The image step, which now also finds images that are not the newest. */
  readonly image: Step<BuiltImage>;
  /** Likewise for the evidence of the image that this build has got. */
  evidence(step: Step<readonly string[]>): Step<readonly string[]>;
  /** Keeps what was built, or counts it as used; the least recently used beyond `maxCount` go. */
  keep(run: StepRun, evidence: Step<readonly string[]> | undefined): Promise<void>;
}

export interface ImageCacheOptions {
  readonly places: Pick<BuildPlaces, "imageCache" | "imageBuild">;
  readonly maxCount: number;
  readonly emit: EventSink;
}

export function createImageCache(host: Host, step: Step<BuiltImage>, options: ImageCacheOptions): ImageCache {
  const { places, maxCount, emit } = options;
  const shelfOf = (key: string) => path.join(places.imageCache, key);
  const shelf = <T>(key: string, record: string, more: Pick<ShelvedResultOptions<T>, "filesOf" | "moved">) =>
    shelveResultsIn<T>(host, { directory: shelfOf(key), home: places.imageBuild, record, ...more });
  const imageShelf = (key: string) =>
    shelf<BuiltImage>(key, IMAGE_RECORD, {
      filesOf: ({ artifacts }) => artifacts.map((artifact) => artifact.path),
      moved: (built, to) => ({
        ...built,
        artifacts: built.artifacts.map((artifact) => ({ ...artifact, path: to(artifact.path) })),
      }),
    });
  const evidenceShelf = (imageKey: string) =>
    shelf<readonly string[]>(imageKey, EVIDENCE_RECORD, {
      filesOf: (files) => files,
      moved: (files, to) => files.map(to),
    });

  /** The image is asked for before its evidence. */
  let imageKey = "";
  const image = alsoSaved(step, {
    load: (key) => {
      imageKey = key;
      return imageShelf(key).load(key);
    },
    save: (key, result) => imageShelf(key).save(key, result),
  });

  return {
    image,
    evidence: (evidence) =>
      alsoSaved(evidence, {
        load: async (key) => (imageKey === "" ? undefined : evidenceShelf(imageKey).load(key)),
        save: async () => undefined,
      }),
    keep: async (run, evidence) => {
      const key = await run.keyOf(image);
      try {
        await imageShelf(key).save(key, await run.get(image));
        if (evidence !== undefined) {
          await evidenceShelf(key).save(await run.keyOf(evidence), await run.get(evidence));
        }
        await removeLeastUsed(host, places.imageCache, maxCount, key);
      } catch (error) {
        if (!isComposerError(error)) throw error;
        // The image is there; only the next build may be slower.
        emit({ type: "info", stage: "finalize", message: `The image is not kept for later: ${error.message}` });
      }
    },
  };
}

function alsoSaved<T>(step: Step<T>, other: NonNullable<Step<T>["saved"]>): Step<T> {
  return { ...step, saved: step.saved === undefined ? other : saveResultsInBoth(step.saved, other) };
}

async function removeLeastUsed(host: Host, directory: string, maxCount: number, used: string): Promise<void> {
  const entries = await Promise.all(
    (await host.files.list(directory)).map(async (name) => {
      const stat = await host.files.stat(path.join(directory, name, IMAGE_RECORD));
      return { name, usedMs: name === used ? Infinity : (stat?.mtimeMs ?? 0) };
    }),
  );
  const surplus = entries.sort((a, b) => b.usedMs - a.usedMs).slice(maxCount);
  for (const { name } of surplus) await host.files.remove(path.join(directory, name));
}

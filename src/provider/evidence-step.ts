import path from "node:path";
import { redactTemplate } from "../config/index.ts";
import { type Json, keyOf, type Step } from "../core/index.ts";
import { createManifest, createSpdx, type ImageFacts } from "../evidence/index.ts";
import type { Host } from "../host/index.ts";
import program from "../../package.json" with { type: "json" };
import type { BuildPaths, BuildRequest, ImageSteps } from "./provider.ts";
import { saveResultsIn } from "./saved-results.ts";

export const SPDX_FILE = "spdx_manifest.json";
const MANIFEST_FILE = "manifest.json";
/** What this step writes. */
export const EVIDENCE_FILES = [MANIFEST_FILE, SPDX_FILE] as const;

/**
 * The step that writes what an image says about itself, beside the image.
 *
 * It depends on the lock itself: a repository that was signed again has another date, which manifest and SBOM name.
 */
export function evidenceStep(
  host: Host,
  request: BuildRequest,
  paths: BuildPaths,
  steps: Pick<ImageSteps, "lock" | "baseTree" | "image">,
): Step<readonly string[]> {
  const { template } = request.template;
  const configuration = redactTemplate(template) as Json;
  return {
    name: "evidence",
    stage: "finalize",
    title: "Generating manifest and SBOM",
    inputs: [steps.lock, steps.baseTree, steps.image],
    settings: { configuration },
    saved: saveResultsIn(host, { record: path.join(paths.records, "evidence.json"), filesOf: (files) => files }),
    run: async (values) => {
      const lock = await values.get(steps.lock);
      const { sourceDateEpoch, licences } = await values.get(steps.baseTree);
      const { artifacts, buildKey } = await values.get(steps.image);
      const facts: ImageFacts = {
        ...template.image,
        architecture: template.target.arch,
        lock,
        artifacts,
        buildKey,
        configurationHash: keyOf(configuration),
        sourceDateEpoch,
      };
      const { os: namespace, dist } = template.target;
      const distribution = { namespace, distro: `${namespace}-${dist.replace(/^\D+/, "")}` };
      const spdx = {
        ...facts,
        distribution,
        licences: new Map(Object.entries(licences)),
        toolVersion: program.version,
      };
      return writeDocuments(host, paths.imageBuild, {
        [MANIFEST_FILE]: createManifest(facts),
        [SPDX_FILE]: createSpdx(spdx),
      });
    },
  };
}

async function writeDocuments(
  host: Host,
  directory: string,
  documents: Readonly<Record<string, object>>,
): Promise<string[]> {
  return Promise.all(
    Object.entries(documents).map(async ([name, document]) => {
      const file = path.join(directory, name);
      await host.files.writeAtomic(file, `${JSON.stringify(document, undefined, 2)}\n`);
      return file;
    }),
  );
}

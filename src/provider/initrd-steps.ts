import path from "node:path";
import { copyTree, createRootRunner, type RootRunner } from "../chroot/index.ts";
import type { Step, StepValues } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import {
  belongsInTree,
  type BootKernel,
  buildInitrd,
  filesOfInitrd,
  findKernels,
  openImageTree,
  placeAdditionalFiles,
} from "../image/index.ts";
import { digestsOfFiles, withLocalFiles } from "./local-files.ts";
import type { PackageSteps } from "./package-steps.ts";
import { type ProviderBuild, signalOption } from "./provider-build.ts";
import { saveResultsIn } from "./saved-results.ts";
import type { TreeSteps } from "./tree-steps.ts";

/** The initrds of a tree. */
export interface PlannedInitrds {
  readonly kernels: readonly BootKernel[];
  /** Whether they have to be in /boot before the tree is configured. */
  readonly isInTree: boolean;
}

/** How a tree gets an initrd for each of its kernels. */
export interface InitrdSteps {
  /** Which initrds there will be: their files may still be in the making. */
  readonly plannedInitrds: Step<PlannedInitrds>;
  /** Waits for the files, after the step. @throws as `buildInitrd` */
  readonly complete: () => Promise<void>;
}

/**
 * Describes how initrds are built. Those that only unified kernel images have are built from a copy of the tree while
 * that is configured and put on the disk, as long as there is memory for the copy.
 */
export function initrdSteps(
  build: ProviderBuild,
  { packageSet }: PackageSteps,
  { trees, tools, baseTree, installedTree, openTree }: TreeSteps,
): InitrdSteps {
  const { host, request, paths } = build;
  const template = withLocalFiles(request.template);
  const files = filesOfInitrd(template.systemConfig?.additionalFiles ?? []);
  const { enableExtraModules: extraModules, uki: isUnified = false } = template.systemConfig?.kernel ?? {};
  const sourceTree = files.length === 0 ? installedTree : openTree;
  let building: Promise<void> = Promise.resolve();
  let removing: Promise<void> = Promise.resolve();

  const record = saveResultsIn<PlannedInitrds>(host, {
    record: path.join(paths.records, "initrd.json"),
    filesOf: ({ kernels }) => kernels.map(({ initrd }) => initrd),
  });
  const plannedInitrds: Step<PlannedInitrds> = {
    name: "initrd",
    stage: "compose",
    title: "Building the initrd",
    inputs: [baseTree],
    needs: [sourceTree, tools, trees],
    settings: async () => ({ extraModules, files: await digestsOfFiles(host, files), isUnified }),
    saved: {
      load: (key) => record.load(key),
      save: async (key, planned) => {
        await building;
        await removing;
        await record.save(key, planned);
      },
    },
    savesMeanwhile: true,
    run: async (values) => {
      const tree = await values.get(sourceTree);
      await placeAdditionalFiles(host, openImageTree(host, tree.root), files, "/");
      const kernels = (await findKernels(host, tree.root)).map((version) => {
        return { version, initrd: path.join(paths.records, `initrd.img-${version}`) };
      });
      const isInTree = await belongsInTree(host, tree.root, { isUnified });
      const copy = isInTree ? undefined : await copyOf(values, tree);
      const modules = extraModules?.split(/\s+/).filter(Boolean) ?? [];
      const scratch = (await values.get(trees)).directory;
      building = buildInitrds(host, copy ?? tree, await values.get(tools), scratch, kernels, modules);
      if (copy === undefined) await building;
      else removing = removeAfter(building, copy);
      return { kernels, isInTree };
    },
  };

  /** Undefined when there is no memory for it: on disk it would cost more than waiting. */
  async function copyOf(values: StepValues, tree: RootRunner): Promise<RootRunner | undefined> {
    const place = await values.get(trees);
    const sizes = (await values.get(packageSet)).map(({ installedSizeBytes }) => installedSizeBytes);
    if (!(await place.hasRoomFor(sizes.reduce((sum, size) => sum + size, 0)))) return undefined;
    const copy = path.join(place.directory, "tree-of-initrd");
    await copyTree(host, await values.get(tools), tree.root, copy);
    const { sourceDateEpoch } = await values.get(baseTree);
    return createRootRunner(host, copy, { sourceDateEpoch, ...signalOption(build) });
  }

  /** Frees memory, no more: who waits for the initrds hears of what went wrong. */
  async function removeAfter(work: Promise<void>, { root }: RootRunner): Promise<void> {
    await work.catch(() => undefined);
    await host.files.remove(root).catch(() => undefined);
  }

  return { plannedInitrds, complete: () => building };
}

async function buildInitrds(
  host: Host,
  tree: RootRunner,
  tools: RootRunner,
  scratch: string,
  kernels: readonly BootKernel[],
  extraModules: readonly string[],
): Promise<void> {
  for (const { version, initrd } of kernels) {
    const directory = path.join(scratch, `initrd-${version}`);
    await host.files.makeDirectory(directory);
    await buildInitrd(host, tree, tools, directory, { kernelVersion: version, extraModules, target: initrd });
  }
}

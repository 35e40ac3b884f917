import path from "node:path";
import {
  createRootRunner,
  createTrees,
  restoreToolRoot,
  restoreTree,
  type RootRunner,
  saveToolRoot,
  saveTree,
  type Trees,
} from "../chroot/index.ts";
import type { Step, StepValues } from "../core/index.ts";
import { applyChanges, rootFile, runScripts } from "../image/index.ts";
import { type ProviderBuild, signalOption } from "./provider-build.ts";
import { digestsOfScripts, withLocalFiles } from "./local-files.ts";
import { packageFiles, type PackageSteps } from "./package-steps.ts";
import type { BaseTree } from "./provider.ts";
import { saveResultsIn } from "./saved-results.ts";

/** The steps from package files to a root tree in which they are installed. */
export interface TreeSteps {
  readonly trees: Step<Trees>;
  readonly tools: Step<RootRunner>;
  readonly baseTree: Step<BaseTree>;
  /** The base tree as a directory, which nobody changes as long as {@link openTree} is not asked for. */
  readonly installedTree: Step<RootRunner>;
  /** The same directory, to be changed from now on. */
  readonly openTree: Step<RootRunner>;
}

/** Describes how package files become a root tree: tool root → installation → tree. */
export function treeSteps(build: ProviderBuild, packages: PackageSteps): TreeSteps {
  const trees = treesStep(build, packages);
  const toolRoot = toolRootSteps(build, packages, trees);
  return { trees, tools: toolRoot.tools, ...baseTreeSteps(build, packages, trees, toolRoot) };
}

function treesStep({ host, request, paths, atEnd }: ProviderBuild, { space }: PackageSteps): Step<Trees> {
  return {
    name: "trees",
    stage: "compose",
    inputs: [space],
    settings: null,
    run: async (values) => {
      const { treeBytes, workBytes } = await values.get(space);
      const trees = await createTrees(host, {
        directory: paths.trees,
        storage: request.settings.treeStorage,
        neededBytes: treeBytes,
        besidesBytes: workBytes,
        emit: request.emit,
      });
      atEnd.defer(() => trees.dispose());
      return trees;
    },
  };
}

interface ToolRootSteps {
  /** A tree that nobody changes as long as {@link openTools} is not asked for. */
  readonly tools: Step<RootRunner>;
  readonly openTools: Step<RootRunner>;
}

/** Right after unpacking, the tool root goes into its archive meanwhile; every build of the provider looks for that. */
function toolRootSteps(build: ProviderBuild, packages: PackageSteps, trees: Step<Trees>): ToolRootSteps {
  const { host, paths } = build;
  const archive = path.join(paths.chrootBuild, "chrootenv.tar.gz");
  const record = saveResultsIn<string>(host, {
    record: path.join(paths.chrootBuild, "chrootenv.json"),
    filesOf: (file) => [file],
  });
  /** There when this build unpacked the packages, and until the archive is written. */
  let saving: Promise<void> | undefined;

  const tools: Step<RootRunner> = {
    name: "tool-root",
    stage: "compose",
    title: "Preparing the chroot environment",
    inputs: [packages.toolSet, packages.epoch],
    needs: [trees],
    settings: null,
    saved: {
      // Each build unpacks it for itself, which is what running is.
      load: async () => undefined,
      save: async (key) => {
        if (saving === undefined) return;
        await saving;
        await record.save(key, archive);
      },
    },
    savesMeanwhile: true,
    run: async (values, key) => {
      const root = path.join((await values.get(trees)).directory, "chrootenv");
      await host.files.makeDirectory(root, 0o755);
      const sourceDateEpoch = await values.get(packages.epoch);
      const runner = createRootRunner(host, root, { sourceDateEpoch, ...signalOption(build) });
      if ((await record.load(key)) !== undefined) {
        build.request.emit({ type: "info", stage: "compose", message: "Reusing existing chroot environment" });
        await restoreToolRoot(host, archive, root);
        return runner;
      }
      const toolFiles = await packageFiles(values, packages.store, packages.toolSet);
      await build.family.unpackToolRoot(host, toolFiles, root);
      saving = keepToolRoot(build, runner, archive);
      // Nobody looks at it before it is saved.
      saving.catch(() => undefined);
      return runner;
    },
  };

  const openTools: Step<RootRunner> = {
    name: "open-tool-root",
    stage: "compose",
    inputs: [tools],
    settings: null,
    run: async (values) => {
      const runner = await values.get(tools);
      await saving;
      return runner;
    },
  };

  return { tools, openTools };
}

/** Written where only this build writes, and moved to where all builds of the provider look. */
async function keepToolRoot({ host, paths }: ProviderBuild, tools: RootRunner, archive: string): Promise<void> {
  const own = path.join(paths.records, path.basename(archive));
  await saveToolRoot(host, tools, own);
  await host.files.makeDirectory(paths.chrootBuild);
  await host.files.rename(own, archive);
}

/**
 * Steps over one directory: right after the installation the tree is there, and goes into its archive meanwhile; later it
 * comes from that.
 */
function baseTreeSteps(
  build: ProviderBuild,
  packages: PackageSteps,
  trees: Step<Trees>,
  { tools, openTools }: ToolRootSteps,
): Pick<TreeSteps, "baseTree" | "installedTree" | "openTree"> {
  const { host, paths } = build;
  const { emit } = build.request;
  const { packageFiles: selection, preInstallScripts = [] } = withLocalFiles(build.request.template).systemConfig ?? {};
  /** There when the packages were installed by this build, which began to save the tree then. */
  let saving: Promise<void> | undefined;

  const rootRunner = async (values: StepValues, sourceDateEpoch: number): Promise<RootRunner> => {
    const root = path.join((await values.get(trees)).directory, "root");
    return createRootRunner(host, root, { sourceDateEpoch, ...signalOption(build) });
  };

  const record = saveResultsIn<BaseTree>(host, {
    record: path.join(paths.records, "base-tree.json"),
    filesOf: ({ archive }) => [archive],
  });
  const baseTree: Step<BaseTree> = {
    name: "base-tree",
    stage: "compose",
    inputs: [packages.packageSet, packages.toolSet, packages.epoch],
    needs: [packages.store, trees, preInstallScripts.length === 0 ? tools : openTools],
    settings: async () => ({
      packageFiles: selection ?? null,
      preInstallScripts: await digestsOfScripts(host, preInstallScripts),
    }),
    saved: {
      load: (key) => record.load(key),
      save: async (key, result) => {
        await saving;
        await record.save(key, result);
      },
    },
    savesMeanwhile: true,
    run: async (values) => {
      const sourceDateEpoch = await values.get(packages.epoch);
      const runner = await rootRunner(values, sourceDateEpoch);
      await host.files.makeDirectory(runner.root, 0o755);
      const files = await packageFiles(values, packages.store, packages.packageSet);
      await runPreInstallScripts(build, preInstallScripts, await values.get(tools), runner.root);
      const selectionFile = selection && build.family.selectionFile(selection);
      if (selectionFile !== undefined) {
        await applyChanges(host, runner.root, [rootFile(selectionFile.path, selectionFile.text)]);
      }
      emit({ type: "info", stage: "compose", message: `Installing packages (${files.length} total)` });
      const scratch = path.join((await values.get(trees)).directory, "installation");
      await host.files.makeDirectory(scratch);
      const runners = { image: runner, tools: await values.get(tools), scratch };
      const licences = await build.family.install(build, runners, files);
      const archive = path.join(paths.records, "base-tree.tar.zst");
      saving = saveTree(host, runners.tools, runner.root, archive);
      return { archive, sourceDateEpoch, licences };
    },
  };

  const installedTree: Step<RootRunner> = {
    name: "installed-tree",
    stage: "compose",
    inputs: [baseTree],
    needs: [trees, tools],
    settings: null,
    run: async (values) => {
      const { archive, sourceDateEpoch } = await values.get(baseTree);
      const runner = await rootRunner(values, sourceDateEpoch);
      if (saving !== undefined) return runner;
      emit({ type: "info", stage: "compose", message: "Reusing the installed packages of an earlier build" });
      await restoreTree(host, await values.get(tools), archive, runner.root);
      return runner;
    },
  };

  const openTree: Step<RootRunner> = {
    name: "open-tree",
    stage: "compose",
    inputs: [installedTree],
    settings: null,
    run: async (values) => {
      const runner = await values.get(installedTree);
      await saving;
      return runner;
    },
  };

  return { baseTree, installedTree, openTree };
}

/** Where scripts of the tool root see the image's tree. */
const IMAGE_ROOT = "/run/image-root";

/** The image has no programs yet: the tool root's run the scripts. */
async function runPreInstallScripts(
  { host, request }: ProviderBuild,
  scripts: Parameters<typeof runScripts>[1],
  tools: RootRunner,
  imageRoot: string,
): Promise<void> {
  const tree = { source: imageRoot, target: IMAGE_ROOT, writable: true };
  await runScripts(host, scripts, {
    root: tools.root,
    run: (argv, { binds = [], ...options } = {}) => tools.run({ argv, ...options, binds: [tree, ...binds] }),
    imageRoot: IMAGE_ROOT,
    field: "preInstallScripts",
    place: "the tool root",
    emit: request.emit,
    positionOf: request.template.positionOf,
  });
}

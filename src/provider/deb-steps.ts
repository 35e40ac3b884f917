import path from "node:path";
import { type Json, type Sha256Hex, type Step } from "../core/index.ts";
import {
  createRootRunner,
  createTrees,
  installDebs,
  type PackageFile,
  restoreToolRoot,
  restoreTree,
  type RootRunner,
  saveToolRoot,
  saveTree,
  type Trees,
  unpackToolRoot,
} from "../chroot/index.ts";
import { licencesOfTree } from "../evidence/index.ts";
import type { Host } from "../host/index.ts";
import {
  createLock,
  fetchPackages,
  type Lock,
  type LockedPackage,
  type PackageRequest,
  readDebRepository,
  readDebTime,
  readLocalRepository,
  type RepositoryIndex,
  type RepositorySource,
  resolveDeb,
} from "../ospackage/index.ts";
import type { BaseTree, BuildPaths, BuildRequest } from "./provider.ts";
import { saveResultsIn } from "./saved-results.ts";

/** What a deb distribution's provider says about one build. */
export interface DebBuild {
  readonly providerId: string;
  /** In the distribution's words, for example `amd64`. */
  readonly architecture: string;
  readonly sources: readonly RepositorySource[];
  readonly requests: readonly PackageRequest[];
  readonly toolPackages: readonly string[];
}

/** The steps from repositories to a root tree with its packages. */
export interface DebSteps {
  readonly lock: Step<Lock>;
  /** The packages of the image alone: keys that build on it don't change when only dates of indexes do. */
  readonly packageSet: Step<readonly LockedPackage[]>;
  readonly trees: Step<Trees>;
  readonly tools: Step<RootRunner>;
  readonly baseTree: Step<BaseTree>;
  /** The base tree as a directory, for one reader that may change it. */
  readonly openTree: Step<RootRunner>;
}

/** Memory and disk beyond the installed packages: initrd, scratch files, what scripts write. */
const SPARE_TREE_BYTES = 768 * 1024 ** 2;

/**
 * Describes how a deb distribution's packages become a root tree: index → lock → package files → tool root → base tree.
 *
 * @param atEnd takes what must be undone when the build ends, however it ends
 */
export function debSteps(
  host: Host,
  request: BuildRequest,
  paths: BuildPaths,
  build: DebBuild,
  atEnd: AsyncDisposableStack,
): DebSteps {
  const { emit, signal, offline, settings } = request;
  const signalOption = signal === undefined ? {} : { signal };

  const index: Step<readonly RepositoryIndex[]> = {
    name: "index",
    stage: "packages",
    title: "Fetching repository metadata",
    inputs: [],
    settings: null,
    keyOfResult: (indexes) => indexes.map(describeIndex),
    run: () => Promise.all(build.sources.map((source) => readIndex(source))),
  };

  const readIndex = (source: RepositorySource): Promise<RepositoryIndex> => {
    if (source.kind === "local") return readLocalRepository(host, source, { architecture: build.architecture });
    const cacheDir = paths.repositoryCache;
    return readDebRepository(host, source, {
      architecture: build.architecture,
      cacheDir,
      offline,
      emit,
      ...signalOption,
    });
  };

  const lock: Step<Lock> = {
    name: "lock",
    stage: "packages",
    title: "Resolving dependencies",
    inputs: [index],
    settings: {
      providerId: build.providerId,
      requests: build.requests.map(({ text, origin }) => [text, origin]),
      tools: build.toolPackages,
    },
    saved: saveResultsIn(host, { record: path.join(paths.records, "lock.json"), filesOf: () => [] }),
    run: async (values) => {
      const repositories = await values.get(index);
      const { architecture, providerId } = build;
      const resolution = resolveDeb({ repositories, architecture, requests: build.requests, includeEssential: true });
      const toolRequests = build.toolPackages.map((text) => ({ text, origin: `tool root of ${providerId}` }));
      const toolResolution = resolveDeb({
        repositories,
        architecture,
        requests: toolRequests,
        includeEssential: false,
      });
      return createLock({ providerId, repositories, resolution, toolResolution });
    },
  };

  const packageSet = packageSetStep("package-set", (locked) => locked.packages);
  const toolSet = packageSetStep("tool-set", (locked) => locked.toolPackages);

  function packageSetStep(
    name: string,
    select: (lock: Lock) => readonly LockedPackage[],
  ): Step<readonly LockedPackage[]> {
    return {
      name,
      stage: "packages",
      inputs: [lock],
      settings: null,
      keyOfResult: (packages) => packages.map(({ sha256 }) => sha256),
      run: async (values) => select(await values.get(lock)),
    };
  }

  const store: Step<ReadonlyMap<Sha256Hex, string>> = {
    name: "store",
    stage: "packages",
    inputs: [packageSet, toolSet],
    settings: null,
    run: async (values) => {
      const wanted = [...(await values.get(packageSet)), ...(await values.get(toolSet))];
      const cacheDir = paths.packageCache;
      const options = { cacheDir, workers: settings.workers, offline, emit, ...signalOption };
      return fetchPackages(
        host,
        wanted.map((locked) => packageLocation(locked, build.sources)),
        options,
      );
    },
  };

  const packageFiles = async (
    values: Parameters<Step<unknown>["run"]>[0],
    set: Step<readonly LockedPackage[]>,
  ): Promise<PackageFile[]> => {
    const stored = await values.get(store);
    return (await values.get(set)).map((locked) => ({ package: locked, file: fileOf(stored, locked) }));
  };

  const epoch: Step<number> = {
    name: "epoch",
    stage: "packages",
    inputs: [packageSet],
    needs: [store],
    settings: { given: host.environment.variables["SOURCE_DATE_EPOCH"] },
    saved: saveResultsIn(host, { record: path.join(paths.records, "epoch.json"), filesOf: () => [] }),
    run: async (values) => {
      const given = host.environment.variables["SOURCE_DATE_EPOCH"];
      if (given !== undefined && /^\d+$/.test(given)) return Number(given);
      const times = await Promise.all(
        (await packageFiles(values, packageSet)).map(({ file }) => readDebTime(host, file)),
      );
      return Math.max(0, ...times);
    },
  };

  const trees: Step<Trees> = {
    name: "trees",
    stage: "compose",
    inputs: [packageSet, toolSet],
    settings: null,
    run: async (values) => {
      const packages = [...(await values.get(packageSet)), ...(await values.get(toolSet))];
      const installedBytes = packages.reduce((sum, { installedSizeBytes }) => sum + installedSizeBytes, 0);
      const neededBytes = Math.ceil(installedBytes * 1.2) + SPARE_TREE_BYTES;
      const made = await createTrees(host, {
        directory: paths.trees,
        storage: settings.treeStorage,
        neededBytes,
        emit,
      });
      atEnd.defer(() => made.dispose());
      return made;
    },
  };

  const toolArchive = path.join(paths.chrootBuild, "chrootenv.tar.gz");
  const toolArchiveRecord = saveResultsIn<string>(host, {
    record: path.join(paths.chrootBuild, "chrootenv.json"),
    filesOf: (archive) => [archive],
  });
  const tools: Step<RootRunner> = {
    name: "tool-root",
    stage: "compose",
    title: "Preparing the chroot environment",
    inputs: [toolSet, epoch],
    needs: [trees],
    settings: null,
    run: async (values) => {
      const root = path.join((await values.get(trees)).directory, "chrootenv");
      await host.files.makeDirectory(root, 0o755);
      const runner = createRootRunner(host, root, { sourceDateEpoch: await values.get(epoch), ...signalOption });
      const archiveKey = (await values.get(toolSet)).map(({ sha256 }) => sha256).join();
      if ((await toolArchiveRecord.load(archiveKey)) !== undefined) {
        emit({ type: "info", stage: "compose", message: "Reusing existing chroot environment" });
        await restoreToolRoot(host, toolArchive, root);
        return runner;
      }
      await unpackToolRoot(
        host,
        (await packageFiles(values, toolSet)).map(({ file }) => file),
        root,
      );
      await host.files.makeDirectory(paths.chrootBuild);
      await saveToolRoot(host, runner, toolArchive);
      await toolArchiveRecord.save(archiveKey, toolArchive);
      return runner;
    },
  };

  const rootDirectory = async (values: Parameters<Step<unknown>["run"]>[0]): Promise<string> =>
    path.join((await values.get(trees)).directory, "root");
  let treeIsFresh = false;

  const baseTree: Step<BaseTree> = {
    name: "base-tree",
    stage: "compose",
    inputs: [packageSet, toolSet, epoch],
    needs: [store, trees, tools],
    settings: null,
    saved: saveResultsIn(host, {
      record: path.join(paths.records, "base-tree.json"),
      filesOf: ({ archive }) => [archive],
    }),
    run: async (values) => {
      const root = await rootDirectory(values);
      const sourceDateEpoch = await values.get(epoch);
      await host.files.makeDirectory(root, 0o755);
      const runner = createRootRunner(host, root, { sourceDateEpoch, ...signalOption });
      const files = await packageFiles(values, packageSet);
      const toolRunner = await values.get(tools);
      emit({ type: "info", stage: "compose", message: `Installing packages (${files.length} total)` });
      await installDebs(host, runner, files, { emit, log: request.log });
      const licences = await licencesOfTree(
        host,
        root,
        files.map((file) => file.package.name),
      );
      const archive = path.join(paths.records, "base-tree.tar.zst");
      await host.files.makeDirectory(path.dirname(archive));
      await saveTree(host, toolRunner, root, archive);
      treeIsFresh = true;
      return { archive, sourceDateEpoch, licences };
    },
  };

  const openTree: Step<RootRunner> = {
    name: "open-tree",
    stage: "compose",
    inputs: [baseTree],
    needs: [trees, tools],
    settings: null,
    run: async (values) => {
      const { archive, sourceDateEpoch } = await values.get(baseTree);
      const root = await rootDirectory(values);
      if (!treeIsFresh) {
        emit({ type: "info", stage: "compose", message: "Reusing the installed packages of an earlier build" });
        await restoreTree(host, await values.get(tools), archive, root);
      }
      return createRootRunner(host, root, { sourceDateEpoch, ...signalOption });
    },
  };

  return { lock, packageSet, trees, tools, baseTree, openTree };
}

function describeIndex({ source, metadataSha256, verified }: RepositoryIndex): Json {
  const { id, priority } = source;
  return { id, priority, metadataSha256, verified, allow: source.allowPackages };
}

function fileOf(stored: ReadonlyMap<Sha256Hex, string>, locked: LockedPackage): string {
  const file = stored.get(locked.sha256);
  if (file === undefined) throw new Error(`the store has no file for ${locked.name}`);
  return file;
}

function packageLocation(locked: LockedPackage, sources: readonly RepositorySource[]) {
  const { name, version, architecture, sha256, sizeBytes } = locked;
  const source = sources.find(({ id }) => id === locked.repository);
  const identity = { name, version, architecture, sha256, sizeBytes };
  if (source?.kind === "deb") return { ...identity, url: `${source.url.replace(/\/$/, "")}/${locked.path}` };
  // The lock has it below the directory of its repository; single files are absolute.
  return { ...identity, localPath: path.resolve(source?.directory ?? "/", locked.path) };
}

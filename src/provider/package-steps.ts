import path from "node:path";
import type { PackageFile } from "../chroot/index.ts";
import type { Json, Sha256Hex, Step, StepValues } from "../core/index.ts";
import { trustWarnings } from "../evidence/index.ts";
import {
  createLock,
  fetchPackages,
  type Lock,
  lockDigest,
  type LockedPackage,
  type PackageLocation,
  preferLocked,
  preferLockedKernels,
  readDebTime,
  type RepositoryIndex,
  resolveDeb,
  withTemplateWords,
} from "../ospackage/index.ts";
import { type DebBuild, signalOption } from "./deb-build.ts";
import { snapshotAddresses } from "./snapshot-addresses.ts";
import { type NeededSpace, spaceStep } from "./needed-space.ts";
import { readIndex } from "./read-index.ts";
import { saveResultsIn } from "./saved-results.ts";

/** The steps from repositories to verified package files. */
export interface PackageSteps {
  readonly lock: Step<Lock>;
  /** The image's packages alone: keys that build on it don't change when only dates of indexes do. */
  readonly packageSet: Step<readonly LockedPackage[]>;
  /** Likewise for the tool root. */
  readonly toolSet: Step<readonly LockedPackage[]>;
  /** What the build will take, once it is known that it fits. */
  readonly space: Step<NeededSpace>;
  /** A verified file for every package of both, by digest. */
  readonly store: Step<ReadonlyMap<Sha256Hex, string>>;
  /** Seconds since 1970: the time that the image's outputs carry. */
  readonly epoch: Step<number>;
}

/** Describes how repositories become package files: index → lock → store. */
export function packageSteps(build: DebBuild): PackageSteps {
  const index = indexStep(build);
  const lock = lockStep(build, index);
  const packageSet = packageSetStep("package-set", lock, ({ packages }) => packages);
  const toolSet = packageSetStep("tool-set", lock, ({ toolPackages }) => toolPackages);
  const space = spaceStep(build, packageSet, toolSet);
  const store = storeStep(build, packageSet, toolSet, space);
  return { lock, packageSet, toolSet, space, store, epoch: epochStep(build, packageSet, store) };
}

/** The packages of a set with their files, in installation order. */
export async function packageFiles(
  values: StepValues,
  store: PackageSteps["store"],
  set: Step<readonly LockedPackage[]>,
): Promise<PackageFile[]> {
  const stored = await values.get(store);
  return (await values.get(set)).map((locked) => {
    const file = stored.get(locked.sha256);
    if (file === undefined) throw new Error(`the store has no file for ${locked.name}`);
    return { package: locked, file };
  });
}

function indexStep(build: DebBuild): Step<readonly RepositoryIndex[]> {
  const { request, architecture, paths } = build;
  const options = { request, architecture, cacheDir: paths.repositoryCache };
  return {
    name: "index",
    stage: "packages",
    title: "Fetching repository metadata",
    inputs: [],
    settings: null,
    keyOfResult: (indexes) => indexes.map(describeIndex),
    run: () => Promise.all(build.sources.map((source) => readIndex(build.host, source, options))),
  };
}

function describeIndex({ source, metadataSha256, verified }: RepositoryIndex): Json {
  const { id, priority } = source;
  return { id, priority, metadataSha256, verified, allow: source.allowPackages };
}

function lockStep(build: DebBuild, index: Step<readonly RepositoryIndex[]>): Step<Lock> {
  const { locked, preference } = build.request;
  if (locked !== undefined) return lockedStep(build, locked.lock);
  const { host, architecture, providerId, requests, exclude, toolPackages } = build;
  const baseDirectory = path.dirname(build.request.template.file);
  const resolved: Step<Lock> = {
    name: "lock",
    stage: "packages",
    title: "Resolving dependencies",
    inputs: [index],
    settings: {
      providerId,
      requests: requests.map(({ text, versionPrefix, origin }) => [text, versionPrefix ?? null, origin]),
      exclude,
      tools: toolPackages,
      // Only local packages are named relative to it.
      ...(build.sources.some(({ kind }) => kind === "local") ? { baseDirectory } : {}),
      ...(preference === undefined ? {} : { update: preference.update, locked: lockDigest(preference.lock) }),
    },
    run: async (values) => {
      const indexes = await values.get(index);
      const repositories = preference === undefined ? indexes : preferLocked(indexes, preference);
      const asked = preference === undefined ? requests : preferLockedKernels(requests, indexes, preference);
      const chosen = resolveDeb({ repositories, architecture, requests: asked, exclude, includeEssential: true });
      const resolution = withTemplateWords(chosen, asked, requests);
      const toolRequests = toolPackages.map((text) => ({ text, origin: `tool root of ${providerId}` }));
      const tools = { repositories, architecture, requests: toolRequests, includeEssential: false };
      const toolResolution = resolveDeb(tools);
      return createLock({ providerId, repositories: indexes, resolution, toolResolution, baseDirectory });
    },
  };
  if (preference !== undefined) return resolved;
  const record = path.join(build.paths.records, "lock.json");
  return { ...resolved, saved: saveResultsIn(host, { record, filesOf: () => [] }) };
}

/** No index is an input: none is read, and none can be too old. */
function lockedStep({ request }: DebBuild, lock: Lock): Step<Lock> {
  return {
    name: "lock",
    stage: "packages",
    inputs: [],
    settings: { locked: lockDigest(lock) },
    run: async () => {
      for (const { code, message } of trustWarnings(lock)) {
        request.emit({ type: "warning", stage: "packages", code, message });
      }
      return lock;
    },
  };
}

function packageSetStep(
  name: string,
  lock: Step<Lock>,
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

function storeStep(
  build: DebBuild,
  packageSet: PackageSteps["packageSet"],
  toolSet: PackageSteps["toolSet"],
  space: PackageSteps["space"],
): PackageSteps["store"] {
  const { host, paths } = build;
  const { offline, emit, settings } = build.request;
  return {
    name: "store",
    stage: "packages",
    inputs: [packageSet, toolSet],
    needs: [space],
    settings: null,
    run: async (values) => {
      const wanted = [...(await values.get(packageSet)), ...(await values.get(toolSet))];
      const locations = wanted.map((locked) => packageLocation(build, locked));
      const { workers } = settings;
      return fetchPackages(host, locations, {
        cacheDir: paths.packageCache,
        allCachesDir: path.dirname(paths.packageCache),
        workers,
        offline,
        emit,
        ...signalOption(build),
      });
    },
  };
}

function packageLocation({ request, sources, snapshots }: DebBuild, locked: LockedPackage): PackageLocation {
  const { name, version, architecture, sha256, sizeBytes } = locked;
  const source = sources.find(({ id }) => id === locked.repository);
  const identity = { name, version, architecture, sha256, sizeBytes };
  if (source?.kind === "deb") {
    const repository = request.locked?.lock.repositories.find(({ id }) => id === source.id);
    const archiveUrls = snapshotAddresses(snapshots.get(source.id), repository?.dateSeconds, locked.path);
    return { ...identity, url: `${source.url.replace(/\/$/, "")}/${locked.path}`, archiveUrls };
  }
  if (source?.kind === "rpm") return { ...identity, url: `${source.urls[0].replace(/\/$/, "")}/${locked.path}` };
  const directory = source?.directory ?? path.dirname(request.template.file);
  return { ...identity, localPath: path.resolve(directory, locked.path) };
}

/** @see https://reproducible-builds.org/specs/source-date-epoch/ */
function epochStep(
  { host, paths }: DebBuild,
  packageSet: PackageSteps["packageSet"],
  store: PackageSteps["store"],
): Step<number> {
  const given = host.environment.variables["SOURCE_DATE_EPOCH"];
  return {
    name: "epoch",
    stage: "packages",
    inputs: [packageSet],
    needs: [store],
    settings: { given },
    saved: saveResultsIn(host, { record: path.join(paths.records, "epoch.json"), filesOf: () => [] }),
    run: async (values) => {
      if (given !== undefined && /^\d+$/.test(given)) return Number(given);
      const files = await packageFiles(values, store, packageSet);
      return Math.max(0, ...(await Promise.all(files.map(({ file }) => readDebTime(host, file)))));
    },
  };
}

import path from "node:path";
import type { PackageFile } from "../chroot/index.ts";
import type { FileDigest, Sha256Hex, Step, StepValues } from "../core/index.ts";
import { fetchPackages, type Lock, type LockedPackage, type PackageLocation } from "../ospackage/index.ts";
import { type ProviderBuild, signalOption } from "./provider-build.ts";
import { snapshotAddresses } from "./snapshot-addresses.ts";
import { type NeededSpace, spaceStep } from "./needed-space.ts";
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
export function packageSteps(build: ProviderBuild): PackageSteps {
  const lock = build.family.lockStep(build);
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
  return filesOf(await values.get(set), await values.get(store));
}

/** Packages with their files, which `stored` has by digest. */
export function filesOf(packages: readonly LockedPackage[], stored: ReadonlyMap<Sha256Hex, string>): PackageFile[] {
  return packages.map((locked) => {
    const file = stored.get(locked.sha256);
    if (file === undefined) throw new Error(`the store has no file for ${locked.name}`);
    return { package: locked, file };
  });
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
  build: ProviderBuild,
  packageSet: PackageSteps["packageSet"],
  toolSet: PackageSteps["toolSet"],
  space: PackageSteps["space"],
): PackageSteps["store"] {
  const { host, paths } = build;
  const { offline, emit, settings, vendor } = build.request;
  return {
    name: "store",
    stage: "packages",
    inputs: [packageSet, toolSet],
    needs: [space],
    settings: null,
    run: async (values) => {
      const wanted = [...(await values.get(packageSet)), ...(await values.get(toolSet))];
      const locations = wanted.map((locked) => packageLocation(build, locked, locked.sha256));
      const { workers } = settings;
      const stored = await fetchPackages(host, locations, {
        cacheDir: paths.packageCache,
        allCachesDir: path.dirname(paths.packageCache),
        workers,
        offline,
        emit,
        ...(vendor === undefined ? {} : { vendor }),
        ...signalOption(build),
      });
      await build.family.checkFiles(build, filesOf(wanted, stored), values.codeDigest);
      return stored;
    },
  };
}

/** What says where the file of a package is. */
export type PlacedPackage = Pick<
  LockedPackage,
  "name" | "version" | "architecture" | "sizeBytes" | "repository" | "path" | "baseUrl"
>;

/** Where the file of a package is: at its mirror and in archives, or on this machine. */
export function packageLocation<Digest extends FileDigest>(
  { request, sources, snapshots }: ProviderBuild,
  locked: PlacedPackage,
  digest: Digest,
): PackageLocation<Digest> {
  const { name, version, architecture, sizeBytes } = locked;
  const source = sources.find(({ id }) => id === locked.repository);
  const identity = { name, version, architecture, digest, sizeBytes };
  if (source?.kind === "deb") {
    const repository = request.locked?.lock.repositories.find(({ id }) => id === source.id);
    const archiveUrls = snapshotAddresses(snapshots.get(source.id), repository?.dateSeconds, locked.path);
    return { ...identity, url: `${source.url.replace(/\/$/, "")}/${locked.path}`, archiveUrls };
  }
  if (source?.kind === "rpm") {
    const urls = locked.baseUrl === undefined ? source.urls : [locked.baseUrl];
    return { ...identity, mirrored: { urls, path: locked.path } };
  }
  const directory = source?.directory ?? path.dirname(request.template.file);
  return { ...identity, localPath: path.resolve(directory, locked.path) };
}

/** @see https://reproducible-builds.org/specs/source-date-epoch/ */
function epochStep(
  { host, paths, family }: ProviderBuild,
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
      // The packages' own word: that of an index may be unsigned.
      return Math.max(0, ...(await Promise.all(files.map((file) => family.builtAt(host, file)))));
    },
  };
}

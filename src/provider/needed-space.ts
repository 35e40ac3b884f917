import path from "node:path";
import type { DiskSection } from "../config/index.ts";
import { ComposerError, formatSize, parseSize, type Step } from "../core/index.ts";
import type { LockedPackage } from "../ospackage/index.ts";
import type { ProviderBuild } from "./provider-build.ts";

/** Bytes that a build will take, about. */
export interface NeededSpace {
  /** For the root trees while it runs, in memory or on disk. */
  readonly treeBytes: number;
  /** For what it leaves in the work directory: image, compressed artifacts, archives. */
  readonly workBytes: number;
}

export interface NeededSpaceOptions {
  readonly packages: readonly PackageSizes[];
  readonly toolPackages: readonly PackageSizes[];
  readonly disk: DiskSection | undefined;
  /** Archives of an earlier build that will be used again. */
  readonly hasBaseTree: boolean;
  readonly hasToolRoot: boolean;
}

type PackageSizes = Pick<LockedPackage, "installedSizeBytes" | "sizeBytes">;

const MIB = 1024 ** 2;

/** Files end in the middle of a block, and file systems have tables and a journal. */
const TREE_FACTOR = 1.2;
/** A tree packed fast, compared with the packages themselves, which are packed well. */
const ZSTD_FACTOR = 1.25;
const GZIP_FACTOR = 1.75;
/** An initrd with its kernel. */
const BOOT_FILES_BYTES = 48 * MIB;
/** Memory and disk beyond the installed packages: initrd, scratch files, what scripts write. */
const SPARE_TREE_BYTES = 768 * MIB;

/** Estimates what a build will take; the image is sparse: only what its file systems fill counts. */
export function neededSpace(options: NeededSpaceOptions): NeededSpace {
  const { packages, toolPackages, disk, hasBaseTree, hasToolRoot } = options;
  const installedBytes = sum(packages, "installedSizeBytes");
  const packedBytes = sum(packages, "sizeBytes");
  // The kernel and its initrd are in the root tree and on the ESP.
  const filledBytes = installedBytes * TREE_FACTOR + 2 * BOOT_FILES_BYTES;
  const imageBytes = Math.min(filledBytes, parseSize(disk?.size ?? "") ?? Infinity);
  const compressedCount = (disk?.artifacts ?? []).filter(({ compression }) => compression !== undefined).length;
  const artifactBytes = Math.min(imageBytes, packedBytes * ZSTD_FACTOR + 2 * BOOT_FILES_BYTES);
  const baseTreeBytes = hasBaseTree ? 0 : packedBytes * ZSTD_FACTOR + BOOT_FILES_BYTES;
  const toolRootBytes = hasToolRoot ? 0 : sum(toolPackages, "sizeBytes") * GZIP_FACTOR;
  return {
    treeBytes: Math.ceil((installedBytes + sum(toolPackages, "installedSizeBytes")) * TREE_FACTOR) + SPARE_TREE_BYTES,
    workBytes: Math.ceil(imageBytes + compressedCount * artifactBytes + baseTreeBytes + toolRootBytes),
  };
}

function sum(packages: readonly PackageSizes[], field: keyof PackageSizes): number {
  return packages.reduce((total, sizes) => total + sizes[field], 0);
}

type PackageSet = Step<readonly LockedPackage[]>;

/** Describes how a build that cannot fit is refused before anything is downloaded or unpacked. */
export function spaceStep(
  { host, paths, request }: ProviderBuild,
  packageSet: PackageSet,
  toolSet: PackageSet,
): Step<NeededSpace> {
  const has = async (file: string): Promise<boolean> => host.files.exists(file);
  return {
    name: "space",
    stage: "packages",
    inputs: [packageSet, toolSet],
    settings: null,
    run: async (values) => {
      const needed = neededSpace({
        packages: await values.get(packageSet),
        toolPackages: await values.get(toolSet),
        disk: request.template.template.disk,
        hasBaseTree: await has(path.join(paths.records, "base-tree.tar.zst")),
        hasToolRoot: await has(path.join(paths.chrootBuild, "chrootenv.tar.gz")),
      });
      const freeBytes = await host.files.freeBytes(paths.imageBuild);
      if (freeBytes >= needed.workBytes) return needed;
      throw new ComposerError(
        "HOST_DISK_FULL",
        `Cannot build in "${paths.imageBuild}": about ${formatSize(needed.workBytes)} are needed and ${formatSize(freeBytes)} are free`,
        { hint: "Free space there, or choose another directory with --work-dir" },
      );
    },
  };
}

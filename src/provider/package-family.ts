import type { PackageFile, RootRunner } from "../chroot/index.ts";
import type { Step } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import type { Lock, LockedPackage, PackageQuestions } from "../ospackage/index.ts";
import type { ProviderBuild } from "./provider-build.ts";
import type { QuestionSubject } from "./provider.ts";

/** What the deb and the rpm world do differently in a build; everything else is the same code for both. */
export interface PackageFamily {
  /** The step that chooses packages out of the repositories of a build. */
  lockStep(build: ProviderBuild): Step<Lock>;
  /** Answers about that choice. */
  questions(build: ProviderBuild, subject: QuestionSubject): Promise<PackageQuestions>;
  /**
   * Checks files whose digests fit beyond that, before anything else reads them.
   *
   * @throws as the checks of the family; the file is then removed from the cache
   */
  checkFiles(build: ProviderBuild, files: readonly PackageFile[]): Promise<void>;
  /** When a package was built, in seconds since 1970. */
  builtAt(host: Host, file: PackageFile): Promise<number>;
  /** Unpacks the packages of a tool root into an existing empty directory; no package script runs. */
  unpackToolRoot(host: Host, files: readonly PackageFile[], root: string): Promise<void>;
  /** Installs packages into the tree of `image`, in installation order. */
  install(build: ProviderBuild, runners: InstallRunners, files: readonly PackageFile[]): Promise<void>;
  /** SPDX licence expressions of installed packages by name, where known. */
  licences(
    build: ProviderBuild,
    runners: InstallRunners,
    packages: readonly LockedPackage[],
  ): Promise<Record<string, string>>;
}

/** The two trees of an installation. */
export interface InstallRunners {
  readonly image: RootRunner;
  readonly tools: RootRunner;
  /** An empty directory that ends with the build. */
  readonly scratch: string;
}

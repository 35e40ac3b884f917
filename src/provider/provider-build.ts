import type { Architecture, Step } from "../core/index.ts";
import type { PackageFile, RootRunner, SelectionFile } from "../chroot/index.ts";
import type { PackageFilesSection } from "../config/index.ts";
import type { Host } from "../host/index.ts";
import type {
  ExclusionLine,
  HeadReader,
  Lock,
  PackageQuestions,
  PackageRequest,
  RepositorySource,
} from "../ospackage/index.ts";
import type { BuildPaths, BuildRequest, QuestionSubject } from "./provider.ts";

/** One build: what its provider and its template say, and what its steps may use. */
export interface ProviderBuild {
  readonly host: Host;
  readonly request: BuildRequest;
  readonly paths: BuildPaths;
  /** `os-dist-arch`. */
  readonly providerId: string;
  readonly family: PackageFamily;
  readonly architecture: Architecture;
  /** Where the system's own rpm looks for its database; empty for others. */
  readonly rpmDatabase: string;
  readonly sources: readonly RepositorySource[];
  /** Addresses of archives that keep what repositories once had, by repository. */
  readonly snapshots: ReadonlyMap<string, string>;
  readonly requests: readonly PackageRequest[];
  /** Names and globs of packages that must not be in the image. */
  readonly exclude: readonly ExclusionLine[];
  /** Names of the packages of the tool root. */
  readonly toolPackages: readonly string[];
  /** Takes what is removed when the build ends, however it ends, unless the user wants to look at it. */
  readonly atEnd: AsyncDisposableStack;
}

/** What the deb and the rpm world do differently in a build; everything else is the same code for both. */
export interface PackageFamily {
  /** The step that chooses packages out of the repositories of a build. */
  lockStep(build: ProviderBuild): Step<Lock>;
  /** Asks about that choice; `question` may be asked again when more is known. */
  ask<T>(build: ProviderBuild, subject: QuestionSubject, question: (questions: PackageQuestions) => T): Promise<T>;
  /**
   * Checks files whose digests fit beyond that, before anything else reads them.
   *
   * @param codeDigest of the program, whose earlier verdicts about the same bytes count; absent: all is checked
   * @throws as the checks of the family; the file is then removed from the cache
   */
  checkFiles(build: ProviderBuild, files: readonly PackageFile[], codeDigest?: string): Promise<void>;
  /** When a package was built, in seconds since 1970. */
  builtAt(host: Host, file: PackageFile): Promise<number>;
  /** How to read that from the first bytes of a package; absent where indexes say it. */
  readonly headTime?: HeadReader<number>;
  /** Unpacks the packages of a tool root into an existing empty directory; no package script runs. */
  unpackToolRoot(host: Host, files: readonly PackageFile[], root: string): Promise<void>;
  /** What has the package manager install only some files of packages; undefined when it shall install all. */
  selectionFile(section: PackageFilesSection): SelectionFile | undefined;
  /**
   * Installs packages into the tree of `image`, in installation order.
   *
   * @returns their SPDX licence expressions by name, where known
   */
  install(
    build: ProviderBuild,
    runners: InstallRunners,
    files: readonly PackageFile[],
  ): Promise<Readonly<Record<string, string>>>;
}

/** The two trees of an installation. */
export interface InstallRunners {
  readonly image: RootRunner;
  readonly tools: RootRunner;
  /** An empty directory that ends with the build. */
  readonly scratch: string;
}

/** The build's signal in the form of an option that is absent when there is none. */
export function signalOption({ request }: Pick<ProviderBuild, "request">): { readonly signal?: AbortSignal } {
  return request.signal === undefined ? {} : { signal: request.signal };
}

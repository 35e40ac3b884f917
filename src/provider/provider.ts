import type { Finding, ImageTemplate, MergedTemplate, Settings } from "../config/index.ts";
import type { EventSink, Sha256Hex, Step, StepValues } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import type {
  Lock,
  LockedPackage,
  LockedRepository,
  LockFile,
  LockInputs,
  LockPreference,
  PackageLocation,
  PackageQuestions,
  RepositorySource,
  VendorDirectory,
} from "../ospackage/index.ts";

/** What a build is told. */
export interface BuildRequest {
  readonly template: MergedTemplate;
  readonly settings: Settings;
  readonly offline: boolean;
  readonly emit: EventSink;
  /** Gets every line that installation tools and package scripts write. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Exactly these packages: no index is read. */
  readonly locked?: NamedLockFile;
  /** The packages to take again where they can be. */
  readonly preference?: LockPreference;
  /** Where packages are looked for by their digests before the cache is. */
  readonly vendor?: VendorDirectory;
}

/** A lock file and what messages call it. */
export interface NamedLockFile extends LockFile {
  readonly file: string;
}

/** The directories of one build. */
export interface BuildPaths {
  readonly packageCache: string;
  /** The metadata of repositories goes into a directory below it. */
  readonly repositoryCache: string;
  /** What all builds of a provider share. */
  readonly chrootBuild: string;
  /** Where root trees are made. */
  readonly trees: string;
  /** Where the image and its evidence appear. */
  readonly imageBuild: string;
  /** Archives and records that save work between builds of one target. */
  readonly records: string;
}

/** A root tree with all packages installed and nothing configured yet. */
export interface BaseTree {
  readonly archive: string;
  /** Seconds since 1970: when the newest of the packages was built, or the caller's SOURCE_DATE_EPOCH. */
  readonly sourceDateEpoch: number;
  /** SPDX licence expressions by package name, where known. */
  readonly licences: Readonly<Record<string, string>>;
}

/** One file that a build gives to its user. */
export interface Artifact {
  readonly path: string;
  readonly format: "raw";
  readonly compression: string | undefined;
  readonly sizeBytes: number;
  readonly sha256: Sha256Hex;
}

/** The image itself and what it was made from. */
export interface BuiltImage {
  readonly artifacts: readonly Artifact[];
  /** Digest of the template (without secrets), the packages and the files that went in; the same on every machine. */
  readonly buildKey: Sha256Hex;
}

/** Stages that a build may end after, without an image. */
export type EarlyStage = "packages" | "compose" | "configuration";

/** The repositories of a build, as far as files are fetched from them. */
export interface PackageOrigins {
  readonly sources: readonly RepositorySource[];
  /** Addresses that may show a repository as it was when its locked metadata was signed. */
  readonly archivesOf: (repository: LockedRepository) => readonly string[];
  /** Where the file of a locked package is. */
  readonly locate: (locked: LockedPackage) => PackageLocation<Sha256Hex>;
  /**
   * Checks fetched files, given by digest, beyond their digests, as a build does before it unpacks them.
   *
   * @throws as the checks of the package family; a file that fails is removed from the cache
   */
  readonly check: (packages: readonly LockedPackage[], stored: ReadonlyMap<Sha256Hex, string>) => Promise<void>;
}

/** The steps that make an image, as data: `build/` runs what is needed of them. */
export interface ImageSteps {
  readonly lock: Step<Lock>;
  /**
   * The same lock, which also says when packages were built whose index does not.
   *
   * @param known what is known already, by digest
   */
  readonly withBuildTimes: (lock: Lock, known: ReadonlyMap<Sha256Hex, number>) => Promise<Lock>;
  /** What the lock depends on. */
  readonly lockInputs: LockInputs;
  readonly origins: PackageOrigins;
  readonly baseTree: Step<BaseTree>;
  readonly image: Step<BuiltImage>;
  /** What brings a build to the end of a stage; the result names files and directories that were made. */
  readonly ends: Readonly<Record<EarlyStage, Step<readonly string[]>>>;
}

/** The end of a stage as a step. */
export function stageEnd(
  stage: EarlyStage,
  inputs: readonly Step<unknown>[],
  made: (values: StepValues) => Promise<readonly string[]>,
): Step<readonly string[]> {
  const run = async (values: StepValues): Promise<readonly string[]> => {
    for (const input of inputs) await values.get(input);
    return made(values);
  };
  return { name: `${stage}-end`, stage, inputs, settings: null, run };
}

/** What an operating system brings to a build. */
export interface Provider {
  /** `os-dist-arch`. */
  readonly id: string;
  /** What is wrong with a template for this system in particular, as far as no network is needed to see it. */
  preProcess(template: ImageTemplate): readonly Finding[];
  /**
   * The steps that make the image.
   *
   * @param atEnd takes what is removed when the build ends, however it ends, unless the user wants to look at it
   */
  buildImage(host: Host, request: BuildRequest, paths: BuildPaths, atEnd: AsyncDisposableStack): Promise<ImageSteps>;
  /** The step after the image: manifest and SBOM, whose files are its result. */
  postProcess(host: Host, request: BuildRequest, paths: BuildPaths, steps: ImageSteps): Step<readonly string[]>;
  /**
   * Asks about the packages that a build chooses; throws what choosing them throws.
   *
   * @param question has no effects: it may be asked again when more is known
   */
  ask<T>(
    host: Host,
    request: BuildRequest,
    paths: BuildPaths,
    subject: QuestionSubject,
    question: (questions: PackageQuestions) => T,
  ): Promise<T>;
}

/** Whose packages a question is about. */
export type QuestionSubject = "image" | "tool-root";

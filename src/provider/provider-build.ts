import type { Architecture } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import type { PackageRequest, RepositorySource } from "../ospackage/index.ts";
import type { PackageFamily } from "./package-family.ts";
import type { BuildPaths, BuildRequest } from "./provider.ts";

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
  readonly exclude: readonly string[];
  /** Names of the packages of the tool root. */
  readonly toolPackages: readonly string[];
  /** Takes what is removed when the build ends, however it ends, unless the user wants to look at it. */
  readonly atEnd: AsyncDisposableStack;
}

/** The build's signal in the form of an option that is absent when there is none. */
export function signalOption({ request }: Pick<ProviderBuild, "request">): { readonly signal?: AbortSignal } {
  return request.signal === undefined ? {} : { signal: request.signal };
}

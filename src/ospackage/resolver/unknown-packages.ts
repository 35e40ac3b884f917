import { ComposerError, nearestOf } from "../../core/index.ts";
import { formatPosition } from "./format-position.ts";
import type { PackageIndex } from "../indexed-package.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import type { PackagePool } from "./package-pool.ts";
import type { PackageRequest, Selection } from "./package-request.ts";

export interface UnknownRequest {
  readonly request: PackageRequest;
  readonly selection: Selection;
}

/** Why nothing fills a request. */
export interface UnknownPackage {
  readonly request: PackageRequest;
  readonly state: string;
  /** A name that was probably meant. */
  readonly didYouMean?: string;
}

/** RESOLVER_UNKNOWN_PACKAGE with its reasons as data. */
export class UnknownPackagesError extends ComposerError {
  readonly unknown: readonly UnknownPackage[];

  constructor(message: string, unknown: readonly UnknownPackage[]) {
    const position = unknown.find(({ request }) => request.position !== undefined)?.request.position;
    const meant = unknown.flatMap(({ didYouMean }) => (didYouMean === undefined ? [] : [`"${didYouMean}"`]));
    super("RESOLVER_UNKNOWN_PACKAGE", message, {
      hint:
        meant.length > 0 ? `Did you mean ${meant.join(", ")}?` : "Correct the name, or add the repository that has it",
      ...(position === undefined ? {} : { position }),
      details: unknown.map(({ request, state, didYouMean }) => {
        const suggestion = didYouMean === undefined ? "" : `; did you mean "${didYouMean}"?`;
        return `${request.origin} "${request.text}"${formatPosition(request.position)}: ${state}${suggestion}`;
      }),
    });
    this.unknown = unknown;
  }
}

/**
 * One error about all requests that no repository can fill, each with the nearest thing that exists.
 *
 * @param workingVersion of the package that a request means, the version with which all else can be had, if any
 */
export function unknownPackages(
  unknown: readonly UnknownRequest[],
  pool: PackagePool,
  repositories: readonly RepositoryIndex<PackageIndex>[],
  workingVersion: (request: PackageRequest) => string | undefined,
): ComposerError {
  const searched = repositories.map(({ source }) => source.id).join(", ") || "no repository";
  const names = unknown.map(({ request }) => `"${request.text}"`).join(", ");
  return new UnknownPackagesError(
    `Cannot find ${unknown.length === 1 ? "package" : `${unknown.length} packages`} ${names}: searched ${searched}`,
    unknown.map(({ request, selection }) => ({ request, ...reasonOf(request, selection, pool, workingVersion) })),
  );
}

function reasonOf(
  request: PackageRequest,
  { name, glob }: Selection,
  pool: PackagePool,
  workingVersion: (request: PackageRequest) => string | undefined,
): Omit<UnknownPackage, "request"> {
  const { versionPrefix } = request;
  if (glob) return { state: "no package name matches" };
  const versions = pool.versionsOf(name).map((id) => {
    const { package: found, repository } = pool.solvable(id);
    return `${found.version} (${repository.source.id})`;
  });
  if (versions.length > 0) {
    const wanted = versionPrefix === undefined ? "the version does not fit" : `no version begins with ${versionPrefix}`;
    const working = workingVersion(request);
    const suggestion = working === undefined ? "" : `; with ${working}, everything fits`;
    return { state: `${wanted}; there is ${versions.join(", ")}${suggestion}` };
  }
  const obstacle = pool.obstacleOf(name);
  if (obstacle !== undefined) return { state: `it exists, but ${obstacle}` };
  const nearest = nearestOf(name, pool.names());
  if (nearest === undefined) return { state: "no package has or provides this name" };
  return { state: "no package has or provides this name", didYouMean: nearest };
}

import { ComposerError, globMatcher, isGlob, nearestOf } from "../../core/index.ts";
import { digestOf, type IndexedPackage, type PackageIndex } from "../indexed-package.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import type { PackageRequest } from "../resolver/package-request.ts";
import type { Resolution } from "../resolver/resolve.ts";
import type { Lock } from "./lock.ts";

/** A lock whose versions are taken again where they can be. */
export interface LockPreference {
  readonly lock: Lock;
  /** Names and globs of packages that are free to change. */
  readonly update: readonly string[];
}

/** An index of only the packages that a test lets pass. */
export type RestrictIndex<Index> = (index: Index, isWanted: (candidate: IndexedPackage) => boolean) => Index;

/** More than any priority that a template may name differs from another. */
const LOCKED_BONUS = 50_000;

/**
 * The same repositories, so that resolving takes locked packages first: they come as repositories of higher priority.
 *
 * What a repository offers no more cannot be preferred: nobody says what it needs.
 *
 * @param restrict the family's `restrictDebIndex` or `restrictRpmIndex`
 */
export function preferLocked<Index extends PackageIndex>(
  repositories: readonly RepositoryIndex<Index>[],
  preference: LockPreference,
  restrict: RestrictIndex<Index>,
): readonly RepositoryIndex<Index>[] {
  const { packages, toolPackages } = preference.lock;
  const isFree = freedBy(preference);
  const locked = [...packages, ...toolPackages].filter(({ name }) => !isFree(name));
  const digests = new Set(locked.map(digestOf));
  const preferred = repositories
    .filter(({ source }) => source.priority >= 0)
    .map(({ source, index, ...rest }) => ({
      ...rest,
      source: { ...source, priority: source.priority + LOCKED_BONUS },
      index: restrict(index, (candidate) => digests.has(digestOf(candidate))),
    }));
  return [...preferred, ...repositories];
}

/**
 * Requests with globs that stand for one kernel ask for the locked one by its name: a kernel whose name has a newer version
 * would win otherwise.
 */
export function preferLockedKernels(
  requests: readonly PackageRequest[],
  repositories: readonly RepositoryIndex<PackageIndex>[],
  preference: LockPreference,
): readonly PackageRequest[] {
  const isFree = freedBy(preference);
  return requests.map((request) => {
    if (!isGlob(request.text) || !request.text.startsWith("linux-image-")) return request;
    const locked = preference.lock.packages.find(
      ({ name, requestedAs }) => requestedAs === request.text && !isFree(name),
    );
    const isOffered = repositories.some(({ index }) => index.byName(locked?.name ?? "").length > 0);
    return locked === undefined || !isOffered ? request : { ...request, text: locked.name };
  });
}

/** Says again what the template said where {@link preferLockedKernels} named a kernel. */
export function withTemplateWords(
  resolution: Resolution,
  asked: readonly PackageRequest[],
  requests: readonly PackageRequest[],
): Resolution {
  const words = new Map(asked.map(({ text }, index) => [text, requests[index]?.text ?? text] as const));
  const packages = resolution.packages.map((resolved) =>
    resolved.requestedAs === undefined
      ? resolved
      : { ...resolved, requestedAs: words.get(resolved.requestedAs) ?? resolved.requestedAs },
  );
  return { ...resolution, packages };
}

function freedBy({ update }: LockPreference): (name: string) => boolean {
  const matchers = update.map(globMatcher);
  return (name) => matchers.some((matches) => matches(name));
}

/** @throws {USAGE} the lock has none of the packages that a name or glob stands for */
export function requireLocked({ packages, toolPackages }: Lock, names: readonly string[]): void {
  const known = [...packages, ...toolPackages].map(({ name }) => name);
  for (const name of names) {
    if (known.some(globMatcher(name))) continue;
    const near = nearestOf(name, known);
    throw new ComposerError("USAGE", `Cannot update "${name}": the lock has no such package`, {
      hint:
        near === undefined ? "Names are those of packages in the lock; globs are allowed" : `Did you mean "${near}"?`,
    });
  }
}

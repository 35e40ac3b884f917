import { ComposerError, compareCodeUnits, type Json, keyOf, type Sha256Hex } from "../../core/index.ts";
import type { RepositorySource } from "../repository/repository.ts";
import type { PackageRequest } from "../resolver/package-request.ts";
import { describeSource } from "./create-lock.ts";
import type { LockedRepository } from "./lock.ts";

/** What a lock depends on; everything else in a template may change without making it stale. */
export interface LockInputs {
  /** `os-dist-arch`. */
  readonly providerId: string;
  /** The template's packages and kernels in its words, in code unit order, each once. */
  readonly packages: readonly string[];
  readonly excludePackages: readonly string[];
  readonly toolPackages: readonly string[];
  readonly repositories: readonly LockInputRepository[];
}

export type LockInputRepository = Pick<
  LockedRepository,
  "id" | "type" | "url" | "components" | "priority" | "allowPackages" | "verified"
>;

export interface LockInputsOptions {
  readonly providerId: string;
  readonly requests: readonly PackageRequest[];
  readonly exclude: readonly string[];
  readonly toolPackages: readonly string[];
  readonly sources: readonly RepositorySource[];
  /** The directory of the template. */
  readonly baseDirectory: string;
}

/** The lock's inputs as a template and its provider's data have them now. */
export function lockInputs(options: LockInputsOptions): LockInputs {
  const { providerId, requests, exclude, toolPackages, sources, baseDirectory } = options;
  return {
    providerId,
    packages: sorted(requests.map(wordsOf)),
    excludePackages: sorted(exclude),
    toolPackages: sorted(toolPackages),
    repositories: sources.map((source) => ({
      ...describeSource(source, baseDirectory),
      verified: source.kind === "local" || source.gpgCheck,
    })),
  };
}

/** The part of a locked repository that is an input. */
export function inputOf(repository: LockedRepository): LockInputRepository {
  const { id, type, url, components, priority, allowPackages, verified } = repository;
  return {
    id,
    type,
    url,
    ...(components === undefined ? {} : { components }),
    ...(priority === undefined ? {} : { priority }),
    ...(allowPackages === undefined ? {} : { allowPackages }),
    verified,
  };
}

/** The digest of the template, as far as a lock depends on it. */
export function inputsDigest(inputs: LockInputs): Sha256Hex {
  return keyOf(inputs as unknown as Json);
}

/**
 * Refuses a lock that was made for something else.
 *
 * @throws {LOCK_STALE} with each difference in words
 */
export function requireFresh(file: string, locked: LockInputs, now: LockInputs): void {
  const differences = inputDifferences(locked, now);
  if (differences.length === 0) return;
  throw new ComposerError("LOCK_STALE", `Cannot use the lock "${file}": the template asks for something else by now`, {
    details: differences,
    hint: 'Make it anew with "os-image-composer lock TEMPLATE"; --update keeps the versions of all that stays',
  });
}

/** How what a template asks for differs from what a lock was made for, in words; empty when it doesn't. */
export function inputDifferences(locked: LockInputs, now: LockInputs): readonly string[] {
  const target =
    locked.providerId === now.providerId
      ? []
      : [`the target is ${now.providerId}, the lock is for ${locked.providerId}`];
  return [
    ...target,
    ...difference(locked.packages, now.packages, {
      added: (name) => `the template asks for "${name}", the lock does not`,
      removed: (name) => `the lock asks for "${name}", the template does not`,
    }),
    ...difference(locked.excludePackages, now.excludePackages, {
      added: (name) => `the template excludes "${name}", the lock does not`,
      removed: (name) => `the lock excludes "${name}", the template does not`,
    }),
    ...difference(locked.toolPackages, now.toolPackages, {
      added: (name) => `the tool root needs "${name}", the lock lacks it`,
      removed: (name) => `the lock has "${name}" for the tool root, which needs it no longer`,
    }),
    ...repositoryDifferences(locked.repositories, now.repositories),
  ];
}

interface DifferenceWords {
  readonly added: (name: string) => string;
  readonly removed: (name: string) => string;
}

function difference(before: readonly string[], after: readonly string[], words: DifferenceWords): string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map(words.added),
    ...before.filter((name) => !after.includes(name)).map(words.removed),
  ];
}

function repositoryDifferences(
  before: readonly LockInputRepository[],
  after: readonly LockInputRepository[],
): readonly string[] {
  const ids = (repositories: readonly LockInputRepository[]) => repositories.map(({ id }) => id);
  const changed = after.flatMap((repository) => {
    const locked = before.find(({ id }) => id === repository.id);
    return locked === undefined ? [] : changesOf(locked, repository);
  });
  const differences = [
    ...difference(ids(before), ids(after), {
      added: (id) => `the repository "${id}" is not in the lock`,
      removed: (id) => `the repository "${id}" of the lock is used no longer`,
    }),
    ...changed,
  ];
  if (differences.length > 0 || ids(before).join() === ids(after).join()) return differences;
  return [`the repositories come in another order: ${ids(after).join(", ")}`];
}

function changesOf(locked: LockInputRepository, now: LockInputRepository): string[] {
  const shown = (value: string | number | readonly string[] | undefined): string =>
    typeof value === "object" ? value.join(" ") : String(value ?? "nothing");
  const compared = [
    ["kind", locked.type, now.type],
    ["address", locked.url, now.url],
    ["components", locked.components, now.components],
    ["priority", locked.priority, now.priority],
    ["allowPackages", locked.allowPackages, now.allowPackages],
    ["signature check", onOrOff(locked.verified), onOrOff(now.verified)],
  ] as const;
  return compared
    .filter(([, before, after]) => shown(before) !== shown(after))
    .map(
      ([what, before, after]) => `${what} of the repository "${now.id}": ${shown(after)}, in the lock ${shown(before)}`,
    );
}

function onOrOff(isOn: boolean): string {
  return isOn ? "on" : "off";
}

function wordsOf({ text, versionPrefix }: PackageRequest): string {
  return versionPrefix === undefined ? text : `${text} (version ${versionPrefix})`;
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort(compareCodeUnits);
}

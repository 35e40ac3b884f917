import path from "node:path";
import { compareCodeUnits, keyOf, type Json, type Sha256Hex } from "../../core/index.ts";
import type { RepositoryIndex, RepositorySource } from "../repository/repository.ts";
import type { Resolution, ResolvedPackage } from "../resolver/resolve.ts";
import { reasonsOf } from "./brought-in-by.ts";
import { lockableTime } from "./lockable-time.ts";
import type { Lock, LockedPackage, LockedRepository } from "./lock.ts";

export interface CreateLockOptions {
  /** `os-dist-arch`. */
  readonly providerId: string;
  /** All that the resolutions were made from; those that both use are given once. */
  readonly repositories: readonly RepositoryIndex<unknown>[];
  readonly resolution: Resolution;
  readonly toolResolution: Resolution;
  /** The directory of the template, `/` when absent: local packages are named relative to it. */
  readonly baseDirectory?: string;
}

/** The lock of an image: plain values only, the same for the same choice and repositories. */
export function createLock(options: CreateLockOptions): Lock {
  const { providerId, repositories, resolution, toolResolution, baseDirectory = "/" } = options;
  const lockPackages = (chosen: Resolution): LockedPackage[] => {
    const reasons = reasonsOf(chosen);
    return chosen.packages.map((resolved) => lockPackage(resolved, baseDirectory, reasons.get(resolved.package.name)));
  };
  return {
    schemaVersion: 1,
    providerId,
    repositories: repositories.map((repository) => lockRepository(repository, baseDirectory)),
    packages: lockPackages(resolution),
    toolPackages: lockPackages(toolResolution),
  };
}

/** Identifies what a lock says, whatever its formatting: the key of everything that is made from it. */
export function lockDigest(lock: Lock): Sha256Hex {
  return keyOf(lock as unknown as Json);
}

/** What a lock says about where a repository is, which never depends on mirrors or on where the template lies. */
export function describeSource(
  source: RepositorySource,
  baseDirectory: string,
): Pick<LockedRepository, "id" | "type" | "url" | "components" | "priority" | "allowPackages"> {
  const { id, priority } = source;
  const choice = {
    priority,
    ...(source.allowPackages === undefined ? {} : { allowPackages: [...source.allowPackages].sort(compareCodeUnits) }),
  };
  if (source.kind === "local") {
    return { id, type: "local", url: relativePath(baseDirectory, source.directory ?? baseDirectory), ...choice };
  }
  return {
    id,
    type: source.kind,
    url: withoutCredentials(source.canonicalUrl),
    ...(source.kind === "deb" ? { components: source.components } : {}),
    ...choice,
  };
}

/** What a lock says about a repository, and so all that it depends on. */
export function lockRepository(
  { source, ...index }: RepositoryIndex<unknown>,
  baseDirectory: string,
): LockedRepository {
  return {
    ...describeSource(source, baseDirectory),
    ...(source.kind === "deb" ? { suite: source.canonicalSuite ?? source.suite } : {}),
    metadataSha256: index.metadataSha256,
    ...(index.dateSeconds === undefined ? {} : { dateSeconds: index.dateSeconds }),
    ...(index.signedBy === undefined ? {} : { signedBy: index.signedBy }),
    verified: index.verified,
    foreignKeys: source.kind !== "local" && source.foreignKeys,
  };
}

function lockPackage(resolved: ResolvedPackage, baseDirectory: string, broughtInBy: string | undefined): LockedPackage {
  const { package: chosen, repository, requestedAs, dependsOn, preDependsOn } = resolved;
  const { sha256, longDigest } = chosen;
  const buildTimeSeconds = lockableTime(chosen.buildTimeSeconds);
  if (sha256 === undefined) throw new Error(`nobody found the SHA-256 of ${chosen.name}`);
  return {
    name: chosen.name,
    version: chosen.version,
    architecture: chosen.architecture,
    sizeBytes: chosen.sizeBytes,
    installedSizeBytes: chosen.installedSizeBytes,
    sha256,
    ...(longDigest === undefined ? {} : { longDigest }),
    repository: repository.source.id,
    path: pathBelow(repository, chosen.path, baseDirectory),
    ...(chosen.baseUrl === undefined ? {} : { baseUrl: withoutCredentials(chosen.baseUrl) }),
    ...(buildTimeSeconds === undefined ? {} : { buildTimeSeconds }),
    source: { name: chosen.source.name, version: chosen.source.version },
    maintainer: chosen.maintainer,
    ...(chosen.homepage === "" ? {} : { homepage: chosen.homepage }),
    ...(chosen.section === "" ? {} : { section: chosen.section }),
    ...(chosen.priority === undefined || chosen.priority === "" ? {} : { priority: chosen.priority }),
    essential: chosen.essential ?? false,
    ...(requestedAs === undefined ? {} : { requestedAs }),
    ...(broughtInBy === undefined ? {} : { broughtInBy }),
    dependsOn: [...new Set([...preDependsOn, ...dependsOn])].sort(compareCodeUnits),
    preDependsOn,
  };
}

/** An address as a lock has it. */
export function withoutCredentials(address: string): string {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  url.username = "";
  url.password = "";
  return url.href;
}

/** Local indexes have absolute paths; a lock has them below the repository's directory, or else the template's. */
function pathBelow({ source }: RepositoryIndex<unknown>, file: string, baseDirectory: string): string {
  return source.kind === "local" ? relativePath(source.directory ?? baseDirectory, file) : file;
}

function relativePath(from: string, to: string): string {
  const relative = path.relative(from, to);
  return relative === "" ? "." : relative;
}

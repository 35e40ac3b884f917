import { compareCodeUnits, keyOf, type Json, type Sha256Hex } from "../../core/index.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import type { Resolution, ResolvedPackage } from "../resolver/resolve-deb.ts";
import type { Lock, LockedPackage, LockedRepository } from "./lock.ts";

export interface CreateLockOptions {
  /** `os-dist-arch`. */
  readonly providerId: string;
  /** All that the resolutions were made from; those that both use are given once. */
  readonly repositories: readonly RepositoryIndex[];
  readonly resolution: Resolution;
  readonly toolResolution: Resolution;
}

/** The lock of an image: plain values only, the same for the same choice and repositories. */
export function createLock({ providerId, repositories, resolution, toolResolution }: CreateLockOptions): Lock {
  return {
    schemaVersion: 1,
    providerId,
    repositories: repositories.map(lockRepository),
    packages: resolution.packages.map(lockPackage),
    toolPackages: toolResolution.packages.map(lockPackage),
  };
}

/** Identifies what a lock says, whatever its formatting: the key of everything that is made from it. */
export function lockDigest(lock: Lock): Sha256Hex {
  return keyOf(lock as unknown as Json);
}

function lockRepository({ source, ...index }: RepositoryIndex): LockedRepository {
  const facts = {
    id: source.id,
    metadataSha256: index.metadataSha256,
    ...(index.dateSeconds === undefined ? {} : { dateSeconds: index.dateSeconds }),
    ...(index.signedBy === undefined ? {} : { signedBy: index.signedBy }),
    verified: index.verified,
  };
  if (source.kind === "local") return { ...facts, type: "local", url: source.directory ?? "/", foreignKeys: false };
  return {
    ...facts,
    type: "deb",
    url: withoutCredentials(source.canonicalUrl),
    suite: source.suite,
    components: source.components,
    foreignKeys: source.foreignKeys,
  };
}

function lockPackage(resolved: ResolvedPackage): LockedPackage {
  const { package: chosen, repository, requestedAs, dependsOn, preDependsOn } = resolved;
  return {
    name: chosen.name,
    version: chosen.version,
    architecture: chosen.architecture,
    sizeBytes: chosen.sizeBytes,
    installedSizeBytes: chosen.installedSizeBytes,
    sha256: chosen.sha256,
    repository: repository.source.id,
    path: pathBelow(repository, chosen.path),
    source: { name: chosen.source.name, version: chosen.source.version },
    maintainer: chosen.maintainer,
    ...(chosen.homepage === "" ? {} : { homepage: chosen.homepage }),
    ...(chosen.section === "" ? {} : { section: chosen.section }),
    ...(chosen.priority === "" ? {} : { priority: chosen.priority }),
    essential: chosen.essential,
    ...(requestedAs === undefined ? {} : { requestedAs }),
    dependsOn: [...new Set([...preDependsOn, ...dependsOn])].sort(compareCodeUnits),
    preDependsOn,
  };
}

function withoutCredentials(address: string): string {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  url.username = "";
  url.password = "";
  return url.href;
}

/** Local indexes have absolute paths; a lock has them below the repository's address. */
function pathBelow({ source }: RepositoryIndex, path: string): string {
  if (source.kind !== "local") return path;
  const base = `${(source.directory ?? "").replace(/\/+$/, "")}/`;
  return path.startsWith(base) ? path.slice(base.length) : path;
}

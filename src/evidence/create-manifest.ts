import path from "node:path";
import { compareCodeUnits, type Sha256Hex } from "../core/index.ts";
import type { Lock, LockedRepository } from "../ospackage/index.ts";
import { isoTime } from "./iso-time.ts";
import { type TrustWarning, trustWarnings } from "./trust-warnings.ts";

/** A file that the build gave to its user. */
export interface ArtifactFacts {
  /** Only its last part is recorded. */
  readonly path: string;
  readonly format: string;
  readonly compression?: string | undefined;
  readonly sizeBytes: number;
  readonly sha256: Sha256Hex;
}

/** What evidence is made from. */
export interface ImageFacts {
  readonly name: string;
  readonly version: string;
  /** In the template's words: `x86_64`, `aarch64`. */
  readonly architecture: string;
  readonly lock: Lock;
  readonly artifacts: readonly ArtifactFacts[];
  readonly buildKey: Sha256Hex;
  /** Digest of the merged template without its secrets. */
  readonly configurationHash: Sha256Hex;
  /** Seconds since 1970; the time that everything in the image bears. */
  readonly sourceDateEpoch: number;
}

export interface ManifestArtifact {
  readonly file: string;
  readonly format: string;
  readonly compression: string | null;
  readonly sizeBytes: number;
  readonly sha256: Sha256Hex;
}

export interface ManifestPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

export type ManifestRepository = Pick<
  LockedRepository,
  "id" | "type" | "suite" | "components" | "metadataSha256" | "signedBy" | "verified" | "foreignKeys"
> & {
  /** Canonical address; absent for a local repository, whose place says something about the host only. */
  readonly url?: string;
};

/** `manifest.json`, the facts about an image that programs ask for. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly provider: string;
  readonly artifacts: readonly ManifestArtifact[];
  /** In code unit order of their names. */
  readonly packages: readonly ManifestPackage[];
  readonly repositories: readonly ManifestRepository[];
  readonly warnings: readonly TrustWarning[];
  readonly buildKey: Sha256Hex;
  readonly configurationHash: Sha256Hex;
  /** `sourceDateEpoch` in ISO 8601; when the program ran is nobody's business. */
  readonly buildTimestamp: string;
  readonly sourceDateEpoch: number;
}

/** The manifest of an image; the same facts give the same manifest on every host. */
export function createManifest(facts: ImageFacts): Manifest {
  const { lock } = facts;
  return {
    schemaVersion: 1,
    name: facts.name,
    version: facts.version,
    architecture: facts.architecture,
    provider: lock.providerId,
    artifacts: facts.artifacts.map(({ path: file, format, compression, sizeBytes, sha256 }) => ({
      file: path.basename(file),
      format,
      compression: compression ?? null,
      sizeBytes,
      sha256,
    })),
    packages: lock.packages
      .map(({ name, version, architecture }) => ({ name, version, architecture }))
      .sort((a, b) => compareCodeUnits(a.name, b.name) || compareCodeUnits(a.architecture, b.architecture)),
    repositories: lock.repositories.map(manifestRepository),
    warnings: trustWarnings(lock),
    buildKey: facts.buildKey,
    configurationHash: facts.configurationHash,
    buildTimestamp: isoTime(facts.sourceDateEpoch),
    sourceDateEpoch: facts.sourceDateEpoch,
  };
}

/** The text of an evidence file. */
export function formatEvidence(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function manifestRepository(repository: LockedRepository): ManifestRepository {
  const { id, type, url, suite, components, metadataSha256, signedBy, verified, foreignKeys } = repository;
  return {
    id,
    type,
    ...(type === "local" ? {} : { url }),
    ...(suite === undefined ? {} : { suite }),
    ...(components === undefined ? {} : { components }),
    metadataSha256,
    ...(signedBy === undefined ? {} : { signedBy }),
    verified,
    foreignKeys,
  };
}

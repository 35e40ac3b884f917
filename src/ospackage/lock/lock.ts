import type { FileDigest, Sha256Hex } from "../../core/index.ts";

/** What an index was made from and who vouches for it. Addresses are the provider's canonical ones, never a mirror's. */
export interface LockedRepository {
  readonly id: string;
  readonly type: "deb" | "rpm" | "local";
  /** Canonical address without credentials; the directory of a local repository, relative to the template. */
  readonly url: string;
  readonly suite?: string;
  readonly components?: readonly string[];
  /** apt's meaning. Absent: not recorded. */
  readonly priority?: number;
  /** Globs of the only package names that may come from here; absent: all. */
  readonly allowPackages?: readonly string[];
  /** Digest of the metadata that vouches for the rest (InRelease, Release or repomd.xml); of the list of packages for a local repository. */
  readonly metadataSha256: Sha256Hex;
  /** The `Date` of the signed metadata, seconds since 1970. */
  readonly dateSeconds?: number;
  /** The primary key fingerprint that a valid signature was made with; absent when checks are off. */
  readonly signedBy?: string;
  readonly verified: boolean;
  /** True when the keys are not the provider's own. */
  readonly foreignKeys: boolean;
}

export interface LockedPackage {
  readonly name: string;
  /** With epoch and revision, as the package's control file has it. */
  readonly version: string;
  /** In the distribution's words: `amd64`, `all`, `x86_64`, `noarch`. */
  readonly architecture: string;
  readonly sizeBytes: number;
  readonly installedSizeBytes: number;
  readonly sha256: Sha256Hex;
  /** SHA-384 or SHA-512, where its index lists it by that. */
  readonly longDigest?: FileDigest;
  readonly repository: string;
  /** Path below the repository's address; of a local repository, below its directory or relative to the template. */
  readonly path: string;
  /** The address that `path` is below, where it is not the repository's own. */
  readonly baseUrl?: string;
  /** When it was built, in seconds since 1970, as its index says or its first bytes; absent when neither was at hand. */
  readonly buildTimeSeconds?: number;
  readonly source: { readonly name: string; readonly version: string };
  readonly maintainer: string;
  readonly homepage?: string;
  readonly section?: string;
  readonly priority?: string;
  readonly essential: boolean;
  /** The template's words that it fills. */
  readonly requestedAs?: string;
  /** What brought in one that nobody asked for, for example `openssh-server: libwrap0 (>= 7.6)`. */
  readonly broughtInBy?: string;
  /** Names of locked packages that this one's Depends and Pre-Depends were satisfied by, in code unit order. */
  readonly dependsOn: readonly string[];
  /** Those of them that Pre-Depends names: they must be configured before this one is unpacked. */
  readonly preDependsOn: readonly string[];
}

/** The outcome of resolving: exactly which packages make an image, and where they come from. */
export interface Lock {
  readonly schemaVersion: 1;
  /** `os-dist-arch`. */
  readonly providerId: string;
  readonly repositories: readonly LockedRepository[];
  /** In installation order. */
  readonly packages: readonly LockedPackage[];
  /** The packages of the tool root, in installation order. */
  readonly toolPackages: readonly LockedPackage[];
}

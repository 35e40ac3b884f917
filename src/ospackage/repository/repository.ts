import type { Sha256Hex } from "../../core/index.ts";
import type { DebIndex } from "../deb/deb-index.ts";
import type { TrustedKeyFile } from "../openpgp/trusted-keys.ts";

export type { TrustedKeyFile };

/** A Debian-style repository as configured: one suite. */
export interface DebRepositorySource {
  readonly kind: "deb";
  /** Unique in a build, for example `debian/trixie-updates`. */
  readonly id: string;
  /** The provider's own address: what lock, SBOM and the image name. */
  readonly canonicalUrl: string;
  /** Where it is read from: the mirror, or the canonical address. `http:`, `https:` or `file:`. */
  readonly url: string;
  /** For example `trixie`; a flat repository's path ends in `/` and has no components. */
  readonly suite: string;
  /** The provider's own name of the suite, where a mirror has another one. */
  readonly canonicalSuite?: string;
  readonly components: readonly string[];
  readonly keys: readonly TrustedKeyFile[];
  /** True when `keys` are not the provider's own. */
  readonly foreignKeys: boolean;
  /** False turns signature checks off for this repository, with a warning. */
  readonly gpgCheck: boolean;
  /** apt's meaning: 500 by default, higher wins, below 0 blocks. */
  readonly priority: number;
  /** Globs of the only package names that may come from here; absent: all. */
  readonly allowPackages?: readonly string[];
}

/** An RPM repository as configured: a directory with `repodata/repomd.xml`. */
export interface RpmRepositorySource {
  readonly kind: "rpm";
  /** Unique in a build, for example `azurelinux-official-base`. */
  readonly id: string;
  /** The provider's own address: what lock, SBOM and the image name. */
  readonly canonicalUrl: string;
  /**
   * Where it is read from, in the order in which they are asked: `http:`, `https:` or `file:`, or the same behind
   * `mirror+` for a list of mirrors.
   */
  readonly urls: readonly [string, ...string[]];
  readonly keys: readonly TrustedKeyFile[];
  /** True when `keys` are not the provider's own. */
  readonly foreignKeys: boolean;
  /** False turns checks of package signatures off for this repository, with a warning. */
  readonly gpgCheck: boolean;
  /** True when `repomd.xml` must carry a signature; not every distribution publishes one. */
  readonly repoGpgCheck: boolean;
  /** As for {@link DebRepositorySource}: 500 by default, higher wins, below 0 blocks. */
  readonly priority: number;
  readonly allowPackages?: readonly string[];
}

/** A directory that holds package files, or single package files. */
export interface LocalRepositorySource {
  readonly kind: "local";
  readonly id: string;
  /** Absolute paths. */
  readonly directory?: string;
  readonly files?: readonly string[];
  readonly priority: number;
  readonly allowPackages?: readonly string[];
}

export type RepositorySource = DebRepositorySource | RpmRepositorySource | LocalRepositorySource;

/** A repository after its metadata was fetched, verified and parsed; `Index` is the family's form of its packages. */
export interface RepositoryIndex<Index = DebIndex> {
  readonly source: RepositorySource;
  readonly index: Index;
  readonly metadataSha256: Sha256Hex;
  readonly dateSeconds?: number;
  readonly signedBy?: string;
  /** True when a signature, or for local repositories the user's own disk, vouches for it. */
  readonly verified: boolean;
}

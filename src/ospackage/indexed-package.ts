import type { FileDigest, Sha256Hex } from "../core/index.ts";

/** What an index says about a package, in both families. */
export interface IndexedPackage {
  readonly name: string;
  /** Epoch, version and revision or release, as the family writes them: `1:2.3-4`, `2.3-4.azl3`. */
  readonly version: string;
  /** In the distribution's words: `amd64`, `all`, `x86_64`, `noarch`. */
  readonly architecture: string;
  readonly source: { readonly name: string; readonly version: string };
  /** Who keeps it: Maintainer, or packager or vendor; empty when nobody says so. */
  readonly maintainer: string;
  readonly homepage: string;
  /** Section or Group; empty when absent. */
  readonly section: string;
  /** Path below the repository's address; an absolute path in a local repository. */
  readonly path: string;
  /** The address that `path` is below, where it is not the repository's own. */
  readonly baseUrl?: string;
  /** When it was built, in seconds since 1970; indexes of Debian don't say. */
  readonly buildTimeSeconds?: number;
  readonly sizeBytes: number;
  readonly installedSizeBytes: number;
  /** Absent where the index lists the file by a longer digest. */
  readonly sha256?: Sha256Hex;
  /** SHA-384 or SHA-512 of the file, in place of `sha256`. */
  readonly longDigest?: FileDigest;
  /** Of Debian packages only: whether no system is without it, and the Priority field. */
  readonly essential?: boolean;
  readonly priority?: string;
}

/** What the index knows a file by. */
export function digestOf({
  sha256,
  longDigest,
}: Pick<IndexedPackage, "sha256" | "longDigest">): FileDigest | undefined {
  return longDigest ?? sha256;
}

/** What an index of either family can be asked. */
export interface PackageIndex {
  /** Every name, in code unit order, once. */
  names(): Iterable<string>;
  /** All versions of a name, in the order of the metadata; empty when there are none. */
  byName(name: string): readonly IndexedPackage[];
}

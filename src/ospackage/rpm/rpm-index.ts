import type { FileDigest } from "../../core/index.ts";
import type { IndexedPackage } from "../indexed-package.ts";

/**
 * One package of primary metadata.
 *
 * Relations are raw text, one entry after the other with a tab between them, empty when there are none. An entry is a
 * capability (`name`, or `name <op> [epoch:]version[-release]` with one of `<`, `<=`, `=`, `>=`, `>`), a path, or a rich
 * dependency in its own parentheses, as `rpm -q --requires` prints it.
 */
export interface RpmPackage extends IndexedPackage {
  /** As the package states it; SPDX for newer distributions. */
  readonly licence: string;
  /** Requires that only matter once everything is installed. */
  readonly requires: string;
  /** Requires(pre), Requires(post) and interpreters of scriptlets: needed in working order before. */
  readonly preRequires: string;
  readonly provides: string;
  readonly conflicts: string;
  readonly obsoletes: string;
  readonly recommends: string;
  /** Weaker than `recommends`: never installed for it, only preferred where there is a choice. */
  readonly suggests: string;
  readonly supplements: string;
  /** As weak as `suggests`. */
  readonly enhances: string;
}

/** The packages of one repository, opened from a compact form; records are parsed on demand. */
export interface RpmIndex {
  readonly packageCount: number;
  /** Every name, in code unit order, once. */
  names(): Iterable<string>;
  /** All versions and architectures of a name, in the order of the metadata; empty when there are none. */
  byName(name: string): readonly RpmPackage[];
  /** The packages whose Provides names a capability, in the order of the metadata; most provide their own name. */
  providersOf(capability: string): readonly RpmPackage[];
  /** The packages whose Obsoletes names `name`. */
  obsoletersOf(name: string): readonly RpmPackage[];
  /** The packages that have a file or directory at a path. */
  ownersOf(path: string): readonly RpmPackage[];
  /** Whether `ownersOf` knows all of them; otherwise only those that primary metadata list. */
  knowsOwnersOf(path: string): boolean;
  /** The packages with a digest, which is how file lists name them. */
  withDigest(digest: FileDigest): readonly RpmPackage[];
  /** The paths that relations name, also inside rich dependencies, in code unit order. */
  neededPaths(): readonly string[];
}

import { globMatcher, type SourcePosition } from "../../core/index.ts";
import type { PackagePool } from "./package-pool.ts";
import type { RequirementId, SolvableId } from "./solver-provider.ts";

/** A package that someone asks for, in words like those of a template. */
export interface PackageRequest {
  /**
   * A name, a name with a version in the words of the package family, a virtual name, or a glob with `*`, `?` and `[…]`.
   */
  readonly text: string;
  /** Only versions that are this one or begin with it, epoch and revision or release aside: `6.12` takes `6.12.57-1`. */
  readonly versionPrefix?: string;
  /** What asks, for example `systemConfig.packages[3]`. */
  readonly origin: string;
  readonly position?: SourcePosition;
}

/** A requirement that does not come from a package, and who has it. */
export interface Root {
  readonly requirement: RequirementId;
  readonly request: PackageRequest;
}

/** What a request comes to: one requirement for each package that it names. */
export interface Selection {
  /** The candidates of each requirement, most preferred first; empty when nothing fits. */
  readonly requirements: readonly (readonly SolvableId[])[];
  /** The package name in the request; the glob when it is one. */
  readonly name: string;
  readonly glob: boolean;
}

/** Whole parts only: `6.1` is no beginning of `6.12`. */
export function beginsWith(version: string, prefix: string): boolean {
  const bare = version.replace(/^\d+:/, "");
  return bare.startsWith(prefix) && !/^[0-9A-Za-z]/.test(bare.slice(prefix.length));
}

/** For each name that a glob matches, its versions that fit. */
export function selectByGlob(
  glob: string,
  pool: PackagePool,
  fits: (id: SolvableId) => boolean,
): readonly (readonly SolvableId[])[] {
  return pool
    .names()
    .filter(globMatcher(glob))
    .map((name) => pool.versionsOf(name).filter(fits))
    .filter((versions) => versions.length > 0);
}

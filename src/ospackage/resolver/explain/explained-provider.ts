import type { RequirementId, SolvableId, SolverProvider } from "../solver-provider.ts";

/** A package at one version, in words for people. */
export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
  /** Of the package file. */
  readonly sizeBytes: number;
  readonly installedSizeBytes: number;
}

/** One need of a package, or one of its wishes. */
export interface Need {
  readonly requirement: RequirementId;
  /** For example `depends on`. */
  readonly verb: string;
  /** Pre-dependencies have to be in working order before the package is even unpacked; wishes may stay unfilled. */
  readonly kind: "depends" | "pre-depends" | "wish";
}

/** Why two packages exclude each other. */
export interface Exclusion {
  /** What the one that declares it does to the other: `breaks`, `conflicts with`. */
  readonly verb: string;
  /** What the other undergoes: `is broken by`, `is in conflict with`. */
  readonly passiveVerb: string;
  /** The declared words where they say more than the other's name: `Breaks: lib (<< 2)`. */
  readonly declared?: string;
}

/** What the solver and explanations ask about packages; both package families adapt to it. */
export type ExplainedProvider = SolverProvider & Explanations;

/** What only explanations ask. */
export interface Explanations {
  facts(solvable: SolvableId): PackageFacts;
  /** The packages that have or provide a name, those that have it first. */
  named(name: string): readonly SolvableId[];
  /** In the order in which `requirements` has them, then the wishes. */
  needs(solvable: SolvableId): readonly Need[];
  /** The words of a requirement, as the package has it. */
  requirementText(requirement: RequirementId): string;
  /** The names of packages that the words of a requirement name. */
  namesIn(requirement: RequirementId): readonly string[];
  /** The names that a package recommends. */
  recommendedBy(solvable: SolvableId): readonly string[];
  /** What a package fills a requirement as, where that is not its own name: `mail-transport-agent`. */
  filledAs(requirement: RequirementId, solvable: SolvableId): string | undefined;
  /** Why `solvable` declares that it cannot be installed with `other`. */
  exclusion(solvable: SolvableId, other: SolvableId): Exclusion;
  /** For the alternatives of a requirement that nothing fills: what there is instead. */
  missing(requirement: RequirementId): readonly string[];
}

const MAX_VERSIONS = 4;

/** `lib 3`, `lib 3, 2`; of many versions the first ones. */
export function listVersions(name: string, versions: readonly string[]): string {
  const more = versions.length > MAX_VERSIONS ? ` and ${versions.length - MAX_VERSIONS} more` : "";
  return `${name} ${versions.slice(0, MAX_VERSIONS).join(", ")}${more}`;
}

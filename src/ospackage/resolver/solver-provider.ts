/** A package at one version, numbered by the provider from 0 without gaps. */
export type SolvableId = number;

/** A need that one of several solvables can fill, numbered by the provider. */
export type RequirementId = number;

/**
 * What {@link solve} asks about packages; both package families adapt to it.
 *
 * Every answer must be the same each time; the solver asks only about solvables that it considers to install.
 */
export interface SolverProvider {
  /** The solvables that fill a requirement, each once, most preferred first. */
  candidates(requirement: RequirementId): readonly SolvableId[];
  /** The solvables that must all be installed for a requirement to count; mostly none. */
  conditions(requirement: RequirementId): readonly SolvableId[];
  /** What a solvable needs, in the order in which it should be decided. */
  requirements(solvable: SolvableId): readonly RequirementId[];
  /** What a solvable would like: filled when everything needed is, and only where nothing stands against it. */
  wishes(solvable: SolvableId): readonly RequirementId[];
  /** The solvables that a solvable declares it cannot be installed with. */
  conflicts(solvable: SolvableId): readonly SolvableId[];
  /** All solvables of the same name, of which at most one can be installed; with or without `solvable` itself. */
  versions(solvable: SolvableId): readonly SolvableId[];
  /**
   * Tells whether nothing sets the first of two candidates above the second.
   *
   * With it, a requirement is filled by whatever is there already, and ties are decided when nothing else is left, as
   * libsolv has it. Without, everything is decided in the order of a walk from the roots into the depth, as apt has it.
   */
  isTie?(first: SolvableId, second: SolvableId): boolean;
  /** What a solvable would rather see chosen where there is a tie. */
  hints?(solvable: SolvableId): readonly SolvableId[];
}

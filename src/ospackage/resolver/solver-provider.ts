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
  /** With it, decisions are made rule by rule, as libsolv makes them; without, in a walk from the roots, as apt's. */
  readonly choices?: CandidateChoices;
}

/** How to choose between candidates, depending on what is installed already. */
export interface CandidateChoices {
  /** Of candidates that can all be installed, those that nothing sets below another one; most preferred first. */
  best(candidates: readonly SolvableId[], chosen: readonly SolvableId[]): readonly SolvableId[];
  /** Whether something chosen asks for a solvable without needing it. */
  isRecommended(solvable: SolvableId, chosen: readonly SolvableId[]): boolean;
  /** The order of the metadata: negative when the first comes before the second. */
  compare(first: SolvableId, second: SolvableId): number;
}

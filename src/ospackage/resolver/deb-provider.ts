import { parseRelations, type DebRelation } from "../deb/index.ts";
import type { DebPool } from "./deb-pool.ts";
import { formatRelation } from "./deb-relation.ts";
import type { RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";

/** The relation fields that make a package need or want others. */
export type DebRequirementField = "preDepends" | "depends" | "recommends";

/** Debian packages as {@link SolverProvider}. */
export interface DebProvider extends SolverProvider {
  readonly pool: DebPool;
  /** The requirement that one of the alternatives is installed. */
  requirementOf(alternatives: readonly DebRelation[]): RequirementId;
  /** A requirement with given candidates, most preferred first. */
  requirementOn(text: string, candidates: readonly SolvableId[]): RequirementId;
  requirementsOf(solvable: SolvableId, field: DebRequirementField): readonly RequirementId[];
  /** The words of a requirement, as a control file has it. */
  requirementText(requirement: RequirementId): string;
  /** The alternatives of a requirement; none when it was made from candidates. */
  alternativesOf(requirement: RequirementId): readonly DebRelation[];
}

interface Requirement {
  readonly text: string;
  readonly alternatives: readonly DebRelation[];
  candidates: readonly SolvableId[] | undefined;
}

/** @param installWeak whether Recommends are wishes */
export function createDebProvider(pool: DebPool, installWeak = false): DebProvider {
  const requirements: Requirement[] = [];
  const idByText = new Map<string, RequirementId>();
  const idsByField: Readonly<Record<DebRequirementField, (readonly RequirementId[])[]>> = {
    preDepends: [],
    depends: [],
    recommends: [],
  };
  const conflictsOf: (readonly SolvableId[])[] = [];

  function requirement(id: RequirementId): Requirement {
    const found = requirements[id];
    if (found === undefined) throw new Error(`there is no requirement ${id}`);
    return found;
  }

  function requirementOf(alternatives: readonly DebRelation[]): RequirementId {
    const text = alternatives.map(formatRelation).join(" | ");
    const known = idByText.get(text);
    if (known !== undefined) return known;
    const id = requirements.push({ text, alternatives, candidates: undefined }) - 1;
    idByText.set(text, id);
    return id;
  }

  function requirementsOf(solvable: SolvableId, field: DebRequirementField): readonly RequirementId[] {
    const known = idsByField[field];
    return (known[solvable] ??= parseRelations(pool.solvable(solvable).package[field]).map(requirementOf));
  }

  function candidates(id: RequirementId): readonly SolvableId[] {
    const wanted = requirement(id);
    return (wanted.candidates ??= [
      ...new Set(wanted.alternatives.flatMap((relation) => pool.matches(relation, "positive"))),
    ]);
  }

  function conflicts(solvable: SolvableId): readonly SolvableId[] {
    return (conflictsOf[solvable] ??= findConflicts(solvable));
  }

  /** Versions of the package itself are left out: they exclude each other anyway, and none conflicts with itself. */
  function findConflicts(solvable: SolvableId): readonly SolvableId[] {
    const { name, conflicts, breaks } = pool.solvable(solvable).package;
    const relations = [...parseRelations(conflicts), ...parseRelations(breaks)].flat();
    const others = relations.flatMap((relation) => pool.matches(relation, "negative"));
    return [...new Set(others)].filter((other) => nameOf(other) !== name);
  }

  function nameOf(solvable: SolvableId): string {
    return pool.solvable(solvable).package.name;
  }

  return {
    pool,
    candidates,
    conditions: () => [],
    wishes: (solvable) => (installWeak ? requirementsOf(solvable, "recommends") : []),
    requirements: (solvable) => [...requirementsOf(solvable, "preDepends"), ...requirementsOf(solvable, "depends")],
    conflicts,
    versions: (solvable) => pool.versionsOf(nameOf(solvable)),
    requirementOf,
    requirementOn: (text, candidates) => requirements.push({ text, alternatives: [], candidates }) - 1,
    requirementsOf,
    requirementText: (id) => requirement(id).text,
    alternativesOf: (id) => requirement(id).alternatives,
  };
}

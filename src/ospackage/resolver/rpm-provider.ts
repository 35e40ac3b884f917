import type { RpmRelation } from "../rpm/rich-dependency.ts";
import type { RpmPackage } from "../rpm/rpm-index.ts";
import { parseRpmRelations } from "../rpm/rpm-relations.ts";
import { createRpmChoices } from "./rpm-choices.ts";
import { type RichClause, richClauses, TooManyClausesError } from "./rich-clauses.ts";
import type { RpmPool } from "./rpm-pool.ts";
import { isRpmlib, rpmHas } from "./rpmlib-features.ts";
import type { RequirementId, SolvableId, SolverProvider } from "./solver-provider.ts";

/** The relation fields that come to requirements; Conflicts does as far as it has rich dependencies. */
export type RpmRequirementField = "preRequires" | "requires" | "conflicts" | "recommends" | "suggests" | "supplements";

/** RPM packages as {@link SolverProvider}. */
export interface RpmProvider extends SolverProvider {
  readonly pool: RpmPool;
  /** A requirement with given candidates, most preferred first. */
  requirementOn(text: string, candidates: readonly SolvableId[]): RequirementId;
  requirementsOf(solvable: SolvableId, field: RpmRequirementField): readonly RequirementId[];
  /** The words of a requirement, as the package has it. */
  requirementText(requirement: RequirementId): string;
  /** What a requirement comes from; undefined when it was made from candidates. */
  relationOf(requirement: RequirementId): RpmRelation | undefined;
}

interface Requirement extends RichClause {
  readonly text: string;
  readonly relation: RpmRelation | undefined;
}

/** @param installWeak whether Recommends and Supplements are wishes */
export function createRpmProvider(pool: RpmPool, installWeak: boolean): RpmProvider {
  const requirements: Requirement[] = [];
  const idsByText = new Map<string, readonly RequirementId[]>();
  const idsByField: Readonly<Record<RpmRequirementField, (readonly RequirementId[])[]>> = {
    preRequires: [],
    requires: [],
    conflicts: [],
    recommends: [],
    suggests: [],
    supplements: [],
  };
  const conflictsOf: (readonly SolvableId[])[] = [];
  let supplements: ReadonlyMap<SolvableId, readonly RequirementId[]> | undefined;

  function requirement(id: RequirementId): Requirement {
    const found = requirements[id];
    if (found === undefined) throw new Error(`there is no requirement ${id}`);
    return found;
  }

  function add(relation: RpmRelation, clauses: readonly RichClause[]): readonly RequirementId[] {
    return clauses.map(({ conditions, candidates }) => {
      const text = relation.text;
      return requirements.push({ text, relation, conditions, candidates: pool.inOrder(candidates) }) - 1;
    });
  }

  function requirementsOf(solvable: SolvableId, field: RpmRequirementField): readonly RequirementId[] {
    return (idsByField[field][solvable] ??= makeRequirements(solvable, field));
  }

  function makeRequirements(solvable: SolvableId, field: RpmRequirementField): readonly RequirementId[] {
    if (field === "supplements") return (supplements ??= findSupplements()).get(solvable) ?? [];
    const relations = parseRpmRelations(pool.solvable(solvable).package[field]);
    if (field !== "conflicts") {
      return relations.filter((relation) => !isFilledByRpm(relation)).flatMap((relation) => idsOf(relation, true));
    }
    return relations
      .filter(({ kind }) => kind === "rich")
      .flatMap((relation) => idsOf(relation, false))
      .filter((id) => !isWithItself(solvable, requirement(id)));
  }

  /** The requirements that a relation holds, or that it does not; the same for all packages that have it. */
  function idsOf(relation: RpmRelation, isTrue: boolean): readonly RequirementId[] {
    const key = `${isTrue ? "+" : "-"}${relation.text}`;
    const known = idsByText.get(key);
    if (known !== undefined) return known;
    const ids = add(relation, clausesOf(relation, isTrue));
    idsByText.set(key, ids);
    return ids;
  }

  /** A relation that is too much to work out is one that nothing fills. */
  function clausesOf(relation: RpmRelation, isTrue: boolean): readonly RichClause[] {
    try {
      return richClauses(relation, isTrue, (capability) => pool.matches(capability));
    } catch (error) {
      if (!(error instanceof TooManyClausesError)) throw error;
      return [{ conditions: [], candidates: [] }];
    }
  }

  /** By one of the packages that must be there: what should then be there, too. */
  function findSupplements(): ReadonlyMap<SolvableId, readonly RequirementId[]> {
    const found = new Map<SolvableId, RequirementId[]>();
    for (const solvable of pool.supplementing()) {
      for (const relation of parseRpmRelations(pool.solvable(solvable).package.supplements)) {
        for (const { conditions, candidates } of clausesOf(relation, false)) {
          const [first] = conditions;
          if (first === undefined) continue;
          const wish = { text: relation.text, relation, conditions, candidates: [solvable, ...candidates] };
          found.set(first, [...(found.get(first) ?? []), requirements.push(wish) - 1]);
        }
      }
    }
    return found;
  }

  /** Obsoletes are about other names. */
  function findConflicts(solvable: SolvableId): readonly SolvableId[] {
    const { name, conflicts, obsoletes } = pool.solvable(solvable).package;
    const rivals = parseRpmRelations(conflicts).flatMap((entry) =>
      entry.kind === "capability" ? pool.matches(entry) : [],
    );
    const obsolete = parseRpmRelations(obsoletes)
      .flatMap((entry) => (entry.kind === "capability" ? pool.obsoletedBy(entry) : []))
      .filter((other) => pool.solvable(other).package.name !== name);
    return [...new Set([...rivals, ...obsolete])];
  }

  /** Versions of another architecture may be there beside it. */
  function versions(solvable: SolvableId): readonly SolvableId[] {
    if (pool.isInstallOnly(solvable)) return [];
    const own = pool.solvable(solvable).package;
    return pool.versionsOf(own.name).filter((other) => sharesArchitecture(own, pool.solvable(other).package));
  }

  return {
    pool,
    candidates: (id) => requirement(id).candidates,
    conditions: (id) => requirement(id).conditions,
    requirements: (solvable) => [
      ...requirementsOf(solvable, "preRequires"),
      ...requirementsOf(solvable, "requires"),
      ...requirementsOf(solvable, "conflicts"),
    ],
    wishes: (solvable) =>
      installWeak ? [...requirementsOf(solvable, "recommends"), ...requirementsOf(solvable, "supplements")] : [],
    conflicts: (solvable) => (conflictsOf[solvable] ??= findConflicts(solvable)),
    versions,
    choices: createRpmChoices(pool, (solvable, field) => requirementsOf(solvable, field).map(requirement)),
    requirementOn: (text, candidates) =>
      requirements.push({ text, relation: undefined, conditions: [], candidates }) - 1,
    requirementsOf,
    requirementText: (id) => requirement(id).text,
    relationOf: (id) => requirement(id).relation,
  };
}

function isFilledByRpm(relation: RpmRelation): boolean {
  return relation.kind === "capability" && isRpmlib(relation) && rpmHas(relation);
}

function isWithItself(solvable: SolvableId, { conditions, candidates }: RichClause): boolean {
  return candidates.length === 0 && conditions.every((condition) => condition === solvable);
}

function sharesArchitecture(a: RpmPackage, b: RpmPackage): boolean {
  return a.architecture === b.architecture || a.architecture === "noarch" || b.architecture === "noarch";
}

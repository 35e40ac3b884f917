import { parseProvides, parseRelations, type DebRelation } from "../../deb/index.ts";
import type { DebProvider } from "../deb-provider.ts";
import { formatRelation, versionFits } from "../deb-relation.ts";
import type { RequirementId, SolvableId } from "../solver-provider.ts";
import { type Exclusion, type Explanations, listVersions, type Need, type PackageFacts } from "./explained-provider.ts";

/** Debian's words for what a solution or a contradiction is made of. */
export function explainDeb(provider: DebProvider): Explanations {
  const { pool } = provider;

  function facts(solvable: SolvableId): PackageFacts {
    const { package: found, repository } = pool.solvable(solvable);
    const { name, version, sizeBytes, installedSizeBytes } = found;
    return { name, version, repository: repository.source.id, sizeBytes, installedSizeBytes };
  }

  function needs(solvable: SolvableId): readonly Need[] {
    const [preDepends, depends] = [
      provider.requirementsOf(solvable, "preDepends"),
      provider.requirementsOf(solvable, "depends"),
    ];
    return [
      ...preDepends.map((requirement): Need => ({ requirement, verb: "pre-depends on", kind: "pre-depends" })),
      ...depends.map((requirement): Need => ({ requirement, verb: "depends on", kind: "depends" })),
      ...provider.wishes(solvable).map((requirement): Need => ({ requirement, verb: "recommends", kind: "wish" })),
    ];
  }

  function filledAs(requirement: RequirementId, solvable: SolvableId): string | undefined {
    const { name } = facts(solvable);
    const filled = provider
      .alternativesOf(requirement)
      .find((relation) => pool.matches(relation, "positive").includes(solvable));
    return filled === undefined || filled.name === name ? undefined : formatRelation(filled);
  }

  function exclusion(solvable: SolvableId, other: SolvableId): Exclusion {
    const { conflicts, breaks } = pool.solvable(solvable).package;
    const means = (relation: DebRelation): boolean => pool.matches(relation, "negative").includes(other);
    const conflict = parseRelations(conflicts).flat().find(means);
    const breakage = conflict === undefined ? parseRelations(breaks).flat().find(means) : undefined;
    const relation = conflict ?? breakage;
    const field = conflict === undefined ? "Breaks" : "Conflicts";
    const { name } = facts(other);
    const words = relation === undefined ? name : formatRelation(relation);
    const provided = relation === undefined || relation.name === name ? "" : `, which ${name} provides`;
    return {
      verb: conflict === undefined ? "breaks" : "conflicts with",
      passiveVerb: conflict === undefined ? "is broken by" : "is in conflict with",
      ...(words === name ? {} : { declared: `${field}: ${words}${provided}` }),
    };
  }

  function missing(requirement: RequirementId): readonly string[] {
    const alternatives = provider.alternativesOf(requirement);
    const unfilled = alternatives.filter((relation) => pool.matches(relation, "positive").length === 0);
    const nowhere = unfilled.filter(isNowhere).map(({ name }) => name);
    const states = unfilled.flatMap((relation) =>
      isNowhere(relation) ? [] : [stateOf(relation, alternatives.length)],
    );
    return nowhere.length === 0 ? states : [...states, `no repository has ${[...new Set(nowhere)].join(" or ")}`];
  }

  function isNowhere({ name }: DebRelation): boolean {
    return pool.obstacleOf(name) === undefined && pool.providersOf(name).length === 0;
  }

  /** Why nothing fills a relation although a repository has its name. */
  function stateOf(relation: DebRelation, alternatives: number): string {
    const { name, archQualifier } = relation;
    const versions = pool.versionsOf(name).map((id) => facts(id).version);
    const fitting = versions.filter((version) => versionFits(version, relation));
    if (fitting.length > 0) {
      const what = listVersions(name, fitting);
      return archQualifier === "any" ? `${what} has no "Multi-Arch: allowed"` : `${what} is for ${pool.architecture}`;
    }
    if (versions.length > 0) return `there is only ${listVersions(name, versions)}`;
    const obstacle = pool.obstacleOf(name);
    if (obstacle !== undefined) return alternatives > 1 ? `${name}: ${obstacle}` : obstacle;
    return `only ${pool
      .providersOf(name)
      .map((id) => providedBy(id, name))
      .join(", ")}`;
  }

  /** For example `impl 9 provides api (= 1)`. */
  function providedBy(solvable: SolvableId, name: string): string {
    const { provides } = pool.solvable(solvable).package;
    const provisions = parseProvides(provides).filter((provision) => provision.name === name);
    const words = provisions.map(({ version }) =>
      version === undefined ? `${name} without a version` : `${name} (= ${version})`,
    );
    return `${listVersions(facts(solvable).name, [facts(solvable).version])} provides ${words.join(", ")}`;
  }

  return {
    requirementText: (requirement) => provider.requirementText(requirement),
    namesIn: (requirement) => [...new Set(provider.alternativesOf(requirement).map(({ name }) => name))],
    recommendedBy: (solvable) =>
      parseRelations(pool.solvable(solvable).package.recommends)
        .flat()
        .map(({ name }) => name),
    facts,
    named: (name) =>
      pool.matches({ name, archQualifier: undefined, operator: undefined, version: undefined }, "positive"),
    needs,
    filledAs,
    exclusion,
    missing,
  };
}

import type { RpmRelation } from "../../rpm/rich-dependency.ts";
import type { RpmCapability } from "../../rpm/rpm-capability.ts";
import { parseRpmRelations } from "../../rpm/rpm-relations.ts";
import type { RpmProvider, RpmRequirementField } from "../rpm-provider.ts";
import { isRpmlib } from "../rpmlib-features.ts";
import type { RequirementId, SolvableId } from "../solver-provider.ts";
import { type Exclusion, type Explanations, listVersions, type Need, type PackageFacts } from "./explained-provider.ts";

/** Fields that bring packages in; the others only say which of several. */
type NeedField = Exclude<RpmRequirementField, "suggests">;

/** What a package does with the relations of a field. */
const VERBS: Readonly<Record<NeedField, Pick<Need, "verb" | "kind">>> = {
  preRequires: { verb: "requires in advance", kind: "pre-depends" },
  requires: { verb: "requires", kind: "depends" },
  conflicts: { verb: "conflicts with", kind: "depends" },
  recommends: { verb: "recommends", kind: "wish" },
  supplements: { verb: "is supplemented for", kind: "wish" },
};

/** rpm's words for what a solution or a contradiction is made of. */
export function explainRpm(provider: RpmProvider): Explanations {
  const { pool } = provider;

  function facts(solvable: SolvableId): PackageFacts {
    const { package: found, repository } = pool.solvable(solvable);
    const { name, version, sizeBytes, installedSizeBytes } = found;
    return { name, version, repository: repository.source.id, sizeBytes, installedSizeBytes };
  }

  function needs(solvable: SolvableId): readonly Need[] {
    const ofField = (field: NeedField): readonly Need[] =>
      provider.requirementsOf(solvable, field).map((requirement) => ({ requirement, ...VERBS[field] }));
    const wishes = new Set(provider.wishes(solvable));
    return [
      ...ofField("preRequires"),
      ...ofField("requires"),
      ...ofField("conflicts"),
      ...(wishes.size === 0 ? [] : [...ofField("recommends"), ...ofField("supplements")]),
    ];
  }

  function capabilities(requirement: RequirementId): readonly RpmCapability[] {
    const relation = provider.relationOf(requirement);
    return relation === undefined ? [] : capabilitiesIn(relation);
  }

  function filledAs(requirement: RequirementId, solvable: SolvableId): string | undefined {
    const { name } = facts(solvable);
    const filled = capabilities(requirement).find((capability) => pool.matches(capability).includes(solvable));
    return filled === undefined || filled.name === name ? undefined : filled.text;
  }

  function exclusion(solvable: SolvableId, other: SolvableId): Exclusion {
    const { conflicts, obsoletes } = pool.solvable(solvable).package;
    const { name } = facts(other);
    const means = (entry: RpmRelation): boolean => entry.kind === "capability" && pool.matches(entry).includes(other);
    const conflict = parseRpmRelations(conflicts).find(means);
    if (conflict?.kind === "capability") {
      const provided = conflict.name === name ? "" : `, which ${name} provides`;
      return {
        verb: "conflicts with",
        passiveVerb: "is in conflict with",
        ...(conflict.text === name ? {} : { declared: `Conflicts: ${conflict.text}${provided}` }),
      };
    }
    const entry = parseRpmRelations(obsoletes).find(
      (relation) => relation.kind === "capability" && pool.obsoletedBy(relation).includes(other),
    );
    return {
      verb: "obsoletes",
      passiveVerb: "is obsoleted by",
      ...(entry === undefined || entry.text === name ? {} : { declared: `Obsoletes: ${entry.text}` }),
    };
  }

  function missing(requirement: RequirementId): readonly string[] {
    const relation = provider.relationOf(requirement);
    if (relation === undefined) return [];
    if (relation.kind === "malformed") return [`rpm cannot read that: ${relation.state}`];
    const named = capabilitiesIn(relation);
    const unfilled = named.filter((capability) => pool.matches(capability).length === 0);
    const nowhere = unfilled.filter(isNowhere).map(({ name }) => name);
    const states = unfilled.flatMap((capability) => (isNowhere(capability) ? [] : [stateOf(capability, named.length)]));
    if (nowhere.length > 0) return [...states, `no repository has ${[...new Set(nowhere)].join(" or ")}`];
    const isFillable = provider.candidates(requirement).length > 0 || provider.conditions(requirement).length > 0;
    return states.length > 0 || isFillable ? states : ["nothing is all of that"];
  }

  function isNowhere(capability: RpmCapability): boolean {
    const { name } = capability;
    return !isRpmlib(capability) && pool.obstacleOf(name) === undefined && pool.providersOf(name).length === 0;
  }

  /** Why nothing fills a capability although a repository has its name. */
  function stateOf(capability: RpmCapability, alternatives: number): string {
    if (isRpmlib(capability)) return "rpm has no such feature";
    const { name } = capability;
    const versions = pool.versionsOf(name).map((id) => facts(id).version);
    if (versions.length > 0) return `there is only ${listVersions(name, versions)}`;
    const obstacle = pool.obstacleOf(name);
    if (obstacle !== undefined) return alternatives > 1 ? `${name}: ${obstacle}` : obstacle;
    return `only ${pool
      .providersOf(name)
      .map((id) => providedBy(id, name))
      .join(", ")}`;
  }

  /** For example `impl 9-1 provides api = 1`. */
  function providedBy(solvable: SolvableId, name: string): string {
    const provisions = parseRpmRelations(pool.solvable(solvable).package.provides).filter(
      (provision) => provision.kind === "capability" && provision.name === name,
    );
    return `${listVersions(facts(solvable).name, [facts(solvable).version])} provides ${provisions.map(({ text }) => text).join(", ")}`;
  }

  return {
    facts,
    named: (name) => {
      const versions = pool.versionsOf(name);
      return [...new Set([...versions, ...pool.providersOf(name)])];
    },
    needs,
    requirementText: (requirement) => provider.requirementText(requirement),
    namesIn: (requirement) => [...new Set(capabilities(requirement).map(({ name }) => name))],
    recommendedBy: (solvable) =>
      parseRpmRelations(pool.solvable(solvable).package.recommends)
        .flatMap(capabilitiesIn)
        .map(({ name }) => name),
    filledAs,
    exclusion,
    missing,
  };
}

/** The capabilities that a relation names. */
function capabilitiesIn(relation: RpmRelation): readonly RpmCapability[] {
  if (relation.kind === "malformed") return [];
  if (relation.kind === "capability") return [relation];
  if ("operands" in relation) return relation.operands.flatMap(capabilitiesIn);
  const { consequence, condition, otherwise } = relation;
  return [consequence, condition, ...(otherwise === undefined ? [] : [otherwise])].flatMap(capabilitiesIn);
}

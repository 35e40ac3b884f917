import type { ClauseOrigin } from "../clause.ts";
import type { RequirementId, SolvableId } from "../solver-provider.ts";
import { type ExplainedProvider, listVersions } from "./explained-provider.ts";
import { renderTree, type TreeNode } from "./render-tree.ts";

/** Deeper chains than this would not fit on the call stack, or into anybody's head. */
const MAX_DEPTH = 200;

/** A root requirement and what to call it. */
export interface NamedRoot {
  readonly requirement: RequirementId;
  readonly text: string;
}

/**
 * The facts of an unsatisfiable core as lines of a tree, one root requirement after the other.
 *
 * A package is explained once. Versions that fail for the same reasons are one node.
 */
export function conflictTree(
  core: readonly ClauseOrigin[],
  roots: readonly NamedRoot[],
  provider: ExplainedProvider,
): readonly string[] {
  const facts = groupFacts(core, provider);
  const shown = new Set<SolvableId>();
  /** The packages above the one that is being told, and what was told about them below. */
  const above = new Set<SolvableId>();
  const told = new Set<Fact>();
  return renderTree(roots.map(({ requirement, text }) => ({ text, children: candidateNodes(requirement) })));

  function candidateNodes(requirement: RequirementId): readonly TreeNode[] {
    const groups = new Map<string, SolvableId[]>();
    for (const candidate of provider.candidates(requirement)) {
      const key = `${provider.facts(candidate).name} ${reasonKey(candidate)}`;
      groups.set(key, [...(groups.get(key) ?? []), candidate]);
    }
    return [...groups.values()].map(solvableNode);
  }

  /** The same for versions of a package that fail for the same reasons. */
  function reasonKey(solvable: SolvableId): string {
    return (facts.get(solvable) ?? [])
      .map((fact) => {
        if (fact.kind === "requires")
          return `${fact.solvable === solvable ? "" : "makes "}requires ${fact.requirement}`;
        return `${fact.kind} ${fact.solvable === solvable ? fact.other : `of ${fact.solvable}`}`;
      })
      .join();
  }

  function solvableNode(group: readonly SolvableId[]): TreeNode {
    const [solvable] = group;
    const text = describe(group);
    if (solvable === undefined) return { text, children: [] };
    if (group.every((member) => shown.has(member))) return { text: `${text} (see above)`, children: [] };
    for (const member of group) shown.add(member);
    if (above.size >= MAX_DEPTH) return { text: `${text} …`, children: [] };
    above.add(solvable);
    const reasons = reasonNodes(solvable);
    above.delete(solvable);
    const [only] = reasons;
    const colon = group.length > 1 ? ":" : "";
    if (reasons.length === 1 && only !== undefined) {
      return { text: `${text}${colon} ${only.text}`, children: only.children };
    }
    return { text, children: reasons };
  }

  function reasonNodes(solvable: SolvableId): readonly TreeNode[] {
    const own = facts.get(solvable) ?? [];
    const needs = own.flatMap((fact) => {
      if (fact.kind !== "requires") return [];
      return fact.solvable === solvable ? requirementNode(solvable, fact.requirement) : conditionNode(fact);
    });
    const exclusions = new Map<string, SolvableId[]>();
    for (const fact of own) {
      if (fact.kind === "requires" || told.has(fact)) continue;
      const [words, other] = exclusionWords(fact, solvable);
      if (above.has(other)) told.add(fact);
      exclusions.set(words, [...(exclusions.get(words) ?? []), other]);
    }
    return [
      ...needs,
      ...[...exclusions].map(([words, others]) => ({ text: words.replace("%", describe(others)), children: [] })),
    ];
  }

  function requirementNode(solvable: SolvableId, requirement: RequirementId): TreeNode {
    const children = candidateNodes(requirement);
    const missing = provider.missing(requirement);
    const conditions = provider.conditions(requirement).filter((condition) => condition !== solvable);
    const present = conditions.length === 0 ? [] : [`${describe(conditions)} is there`];
    const text = `${verbOf(solvable, requirement)} ${provider.requirementText(requirement)}`;
    if (children.length === 0) return { text: `${text}, but ${[...present, ...missing].join("; ")}`, children };
    return {
      text: [text, ...present].join(", and "),
      children: [...children, ...missing.map((state) => ({ text: state, children: [] }))],
    };
  }

  /** The need of another package that counts because this one is there. */
  function conditionNode({ solvable, requirement }: Extract<Fact, { kind: "requires" }>): TreeNode {
    const need = `${verbOf(solvable, requirement)} ${provider.requirementText(requirement)}`;
    return { text: `is why ${describe([solvable])} ${need}`, children: [] };
  }

  function verbOf(solvable: SolvableId, requirement: RequirementId): string {
    return provider.needs(solvable).find((need) => need.requirement === requirement)?.verb ?? "needs";
  }

  /** What a package does to another or undergoes from it; `%` stands for the other. */
  function exclusionWords(
    fact: Exclude<Fact, { kind: "requires" }>,
    solvable: SolvableId,
  ): readonly [string, SolvableId] {
    const declares = fact.solvable === solvable;
    const other = declares ? fact.other : fact.solvable;
    if (fact.kind === "one-version") return ["cannot be installed beside %", other];
    const { verb, passiveVerb, declared } = provider.exclusion(fact.solvable, fact.other);
    return [`${declares ? verb : passiveVerb} %${declared === undefined ? "" : ` (${declared})`}`, other];
  }

  function describe(group: readonly SolvableId[]): string {
    const names = new Map<string, string[]>();
    // Of one name, the provider numbers what it prefers first.
    for (const solvable of group.toSorted((a, b) => a - b)) {
      const { name, version } = provider.facts(solvable);
      names.set(name, [...(names.get(name) ?? []), version]);
    }
    return [...names].map(([name, versions]) => listVersions(name, versions)).join(", ");
  }
}

type Fact = Exclude<ClauseOrigin, { readonly kind: "root" }>;

/** The facts by the solvables that they rule out. */
function groupFacts(
  core: readonly ClauseOrigin[],
  provider: ExplainedProvider,
): ReadonlyMap<SolvableId, readonly Fact[]> {
  const facts = new Map<SolvableId, Fact[]>();
  for (const fact of core) {
    if (fact.kind === "root") continue;
    const ruledOut =
      fact.kind === "requires"
        ? [fact.solvable, ...provider.conditions(fact.requirement)]
        : [fact.solvable, fact.other];
    for (const solvable of new Set(ruledOut)) facts.set(solvable, [...(facts.get(solvable) ?? []), fact]);
  }
  return facts;
}

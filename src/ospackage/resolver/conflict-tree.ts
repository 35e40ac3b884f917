import type { ClauseOrigin } from "./clause.ts";
import type { DebProvider } from "./deb-provider.ts";
import type { RequirementId, SolvableId } from "./solver-provider.ts";

const MAX_LINES = 60;

interface Node {
  readonly text: string;
  readonly children: readonly Node[];
}

/**
 * The facts of an unsatisfiable core as lines of a tree, one root requirement after the other.
 *
 * @param roots what to call the root requirements, by requirement, in the order to show them
 */
export function conflictTree(
  core: readonly ClauseOrigin[],
  roots: ReadonlyMap<RequirementId, string>,
  provider: DebProvider,
): readonly string[] {
  const facts = groupFacts(core);
  const shown = new Set<SolvableId>();
  const trees = [...roots].map(([requirement, text]) => {
    return { text, children: candidateNodes(requirement, facts, shown, provider) };
  });
  const lines = trees.flatMap(({ text, children }) => [text, ...render(children, "")]);
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more lines`];
}

type Fact = Exclude<ClauseOrigin, { readonly kind: "root" }>;
type Facts = ReadonlyMap<SolvableId, readonly Fact[]>;

/** The facts by the solvables that they rule out. */
function groupFacts(core: readonly ClauseOrigin[]): Facts {
  const facts = new Map<SolvableId, Fact[]>();
  for (const fact of core) {
    if (fact.kind === "root") continue;
    for (const solvable of fact.kind === "requires" ? [fact.solvable] : [fact.solvable, fact.other]) {
      facts.set(solvable, [...(facts.get(solvable) ?? []), fact]);
    }
  }
  return facts;
}

function candidateNodes(
  requirement: RequirementId,
  facts: Facts,
  shown: Set<SolvableId>,
  provider: DebProvider,
): readonly Node[] {
  return provider.candidates(requirement).map((candidate) => solvableNode(candidate, facts, shown, provider));
}

function solvableNode(solvable: SolvableId, facts: Facts, shown: Set<SolvableId>, provider: DebProvider): Node {
  const text = describe(solvable, provider);
  if (shown.has(solvable)) return { text: `${text} (see above)`, children: [] };
  shown.add(solvable);
  return {
    text,
    children: (facts.get(solvable) ?? []).map((fact) => factNode(fact, solvable, facts, shown, provider)),
  };
}

function factNode(fact: Fact, solvable: SolvableId, facts: Facts, shown: Set<SolvableId>, provider: DebProvider): Node {
  if (fact.kind === "requires") {
    const children = candidateNodes(fact.requirement, facts, shown, provider);
    const missing = children.length === 0 ? `: ${missingState(fact.requirement, provider)}` : "";
    return { text: `depends on ${provider.requirementText(fact.requirement)}${missing}`, children };
  }
  const other = describe(solvable === fact.solvable ? fact.other : fact.solvable, provider);
  if (fact.kind === "one-version") return { text: `cannot be installed beside ${other}`, children: [] };
  return { text: solvable === fact.solvable ? `conflicts with ${other}` : `${other} conflicts with it`, children: [] };
}

/** What there is instead of what a requirement without candidates wants. */
function missingState(requirement: RequirementId, provider: DebProvider): string {
  const states = provider.alternativesOf(requirement).map(({ name }) => {
    const { pool } = provider;
    const versions = pool.versionsOf(name).map((id) => pool.solvable(id).package.version);
    if (versions.length > 0) return `only version ${versions.join(", ")} of ${name} exists`;
    const obstacle = pool.obstacleOf(name);
    return obstacle === undefined ? `no repository has ${name}` : `${name} exists, but ${obstacle}`;
  });
  return states.join("; ");
}

function describe(solvable: SolvableId, { pool }: DebProvider): string {
  const { package: found } = pool.solvable(solvable);
  return `${found.name} ${found.version}`;
}

function render(nodes: readonly Node[], indent: string): readonly string[] {
  return nodes.flatMap(({ text, children }, at) => {
    const last = at === nodes.length - 1;
    return [`${indent}${last ? "└─" : "├─"} ${text}`, ...render(children, `${indent}${last ? "   " : "│  "}`)];
  });
}

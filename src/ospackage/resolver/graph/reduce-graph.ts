/** An edge between nodes, which are numbers from 0. */
export type Edge = readonly [from: number, to: number];

export interface ReducedGraph {
  /** For each node, the number of the circle that it is in; nodes that are in none have one of their own. */
  readonly circles: readonly number[];
  /** Edges between circles that no way over others replaces, each once. */
  readonly edges: readonly Edge[];
  /** Edges inside circles. */
  readonly inner: readonly Edge[];
}

/**
 * The fewest edges that reach the same: the transitive reduction, with nodes that reach each other taken as one.
 *
 * @see Aho, Garey, Ullman, "The Transitive Reduction of a Directed Graph", SIAM J. Comput. 1972
 */
export function reduceGraph(nodeCount: number, edges: readonly Edge[]): ReducedGraph {
  const successors = successorsOf(nodeCount, edges);
  const reached = successors.map((_, node) => reachedFrom(node, successors));
  const circles = reached.map((own, node) => {
    const before = [...own].filter((other) => other < node && reached[other]?.has(node) === true);
    return Math.min(node, ...before);
  });
  const circleOf = (node: number): number => circles[node] ?? node;
  // Between two circles, the first edge stands for all.
  const between = new Map<string, Edge>();
  for (const edge of edges) {
    const [from, to] = [circleOf(edge[0]), circleOf(edge[1])];
    if (from !== to && !between.has(`${from} ${to}`)) between.set(`${from} ${to}`, edge);
  }
  const nextCircles = Map.groupBy([...between.values()], ([from]) => circleOf(from));
  const isReplaced = ([from, to]: Edge): boolean =>
    (nextCircles.get(circleOf(from)) ?? []).some(
      ([, other]) => circleOf(other) !== circleOf(to) && reached[other]?.has(to) === true,
    );
  return {
    circles,
    edges: [...between.values()].filter((edge) => !isReplaced(edge)),
    inner: edges.filter(([from, to]) => from !== to && circleOf(from) === circleOf(to)),
  };
}

export function successorsOf(nodeCount: number, edges: readonly Edge[]): readonly (readonly number[])[] {
  const successors = Array.from({ length: nodeCount }, (): number[] => []);
  for (const [from, to] of edges) successors[from]?.push(to);
  return successors;
}

function reachedFrom(node: number, successors: readonly (readonly number[])[]): ReadonlySet<number> {
  const reached = new Set(successors[node]);
  // The set grows while it is walked.
  for (const next of reached) for (const after of successors[next] ?? []) reached.add(after);
  return reached;
}

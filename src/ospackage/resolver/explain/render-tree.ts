/** A line of a tree and the lines below it. */
export interface TreeNode {
  readonly text: string;
  readonly children: readonly TreeNode[];
}

const MAX_LINES = 60;
/** A chain without branches is shown with this many lines at either end. */
const CHAIN_ENDS = 5;
const MAX_DEPTH = 24;

/**
 * Trees as lines, for people: the middle of a long chain, what lies too deep and what is beyond 60 lines become `…`.
 */
export function renderTree(roots: readonly TreeNode[]): readonly string[] {
  const lines = roots.flatMap(({ text, children }) => [text, ...renderNodes(children, "", 1)]);
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more lines`];
}

function renderNodes(nodes: readonly TreeNode[], indent: string, depth: number): readonly string[] {
  if (depth > MAX_DEPTH && nodes.length > 0) return [`${indent}└─ …`];
  return nodes.flatMap((node, at) => {
    const { text, children } = shortenChain(node);
    const last = at === nodes.length - 1;
    return [
      `${indent}${last ? "└─" : "├─"} ${text}`,
      ...renderNodes(children, `${indent}${last ? "   " : "│  "}`, depth + 1),
    ];
  });
}

/** Leaves out the middle of a chain that begins with a node, when the chain is long. */
function shortenChain(first: TreeNode): TreeNode {
  const chain: TreeNode[] = [first];
  for (let [next, ...others] = first.children; next !== undefined && others.length === 0;) {
    chain.push(next);
    [next, ...others] = next.children;
  }
  const left = chain.length - 2 * CHAIN_ENDS;
  if (left < 2) return first;
  const end = chain[chain.length - CHAIN_ENDS];
  const middle: TreeNode = {
    text: `… ${left} more, each because of the next`,
    children: end === undefined ? [] : [end],
  };
  return chain.slice(0, CHAIN_ENDS).reduceRight<TreeNode>((below, { text }) => ({ text, children: [below] }), middle);
}

/**
 * Why a package is there, why it is not, and why there is no solution; pure, in words and as data.
 */
export type * from "./compare-solutions.ts";
export type { PackageFacts } from "./explained-provider.ts";
export type * from "./line-savings.ts";
export type * from "./package-questions.ts";
export { renderTree, type TreeNode } from "./render-tree.ts";
export { requestLabel, requestWithPlace } from "./request-label.ts";
export type { Chain, ChainLink, Chains } from "./shortest-chains.ts";
export type { PackageSizes } from "./solution.ts";

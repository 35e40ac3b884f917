/**
 * Chooses the packages of a system: a conflict-driven solver, its Debian side, and the order of installation.
 *
 * Pure: repositories come in as opened indexes, the choice goes out as plain objects.
 */
export * from "./explain/index.ts";
export * from "./graph/index.ts";
export * from "./installation-order.ts";
export type { ExclusionLine } from "./exclusions.ts";
export type { PackageRequest } from "./package-request.ts";
export type { ResolveDebOptions } from "./deb-problem.ts";
export type { DependencyEdge, Resolution, ResolvedPackage } from "./resolve.ts";
export { debQuestions, resolveDeb } from "./resolve-deb.ts";
export { askRpm, resolveRpm, type RpmAnswer } from "./resolve-rpm.ts";
export type { ResolveRpmOptions } from "./rpm-problem.ts";
export { solve, type SolveResult, type SolverStatistics } from "./solve.ts";
export type * from "./solver-provider.ts";
export { UnknownPackagesError, type UnknownPackage } from "./unknown-packages.ts";

import type { Lock } from "../../lock/lock.ts";
import { dependencyDot } from "./dependency-dot.ts";
import type { DependencyGraphOptions } from "./dependency-graph.ts";
import { dependencySvg } from "./dependency-svg.ts";

export interface DrawDependenciesOptions extends DependencyGraphOptions {
  readonly format: GraphFormat;
}

/** The DOT language, or a picture. */
export type GraphFormat = "dot" | "svg";

/** The format that a file name asks for: a picture when it ends in `.svg`, otherwise DOT. */
export function graphFormatOf(file: string): GraphFormat {
  return file.toLowerCase().endsWith(".svg") ? "svg" : "dot";
}

/** The dependency graph of the locked packages as text; the same packages give the same bytes. */
export function drawDependencies(
  lock: Pick<Lock, "packages">,
  { format, ...options }: DrawDependenciesOptions,
): string {
  return format === "svg" ? dependencySvg(lock, options) : dependencyDot(lock, options);
}

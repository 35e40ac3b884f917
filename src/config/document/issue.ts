import type { ErrorCode, SourcePosition } from "../../core/index.ts";
import type { SourceSpan } from "./positions.ts";

/** One finding in a document that a person wrote. */
export interface Issue {
  readonly code: ErrorCode;
  /** For example `systemConfig.users[0].name`; empty for the document as a whole. */
  readonly path: string;
  /** What is wrong, without the path; starts in lower case, no final period. */
  readonly message: string;
  /** What would be right. */
  readonly expected?: string;
  readonly didYouMean?: string;
  readonly hint?: string;
  /** Absent: an error. */
  readonly severity?: "warning";
  readonly position?: SourceSpan;
}

/** A finding of a check that knows the document but not where it was written. */
export interface Finding {
  /** TEMPLATE_INVALID when absent. */
  readonly code?: ErrorCode;
  readonly path: string | readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
  /** Absent: an error. A warning is shown, and nothing else comes of it. */
  readonly severity?: "warning";
}

/**
 * The issues of phases that build on each other, each value's first one only: what an early phase refused, a later
 * one need not refuse again. Issues without a position get that of the file's beginning.
 */
export function firstIssues(file: string, ...phases: readonly (readonly Issue[])[]): Issue[] {
  const refused = new Set<string>();
  return phases.flatMap((phase) => {
    const fresh = phase.filter(({ path }) => path === "" || !refused.has(path));
    for (const { path } of phase) refused.add(path);
    return fresh.map((issue) => ({ position: { file, line: 1, column: 1, length: 1 }, ...issue }));
  });
}

/** Orders issues by file, line and column; those without a position come last. */
export function compareIssues(a: Issue, b: Issue): number {
  return comparePositions(a.position, b.position) || compareText(a.path, b.path) || compareText(a.message, b.message);
}

function comparePositions(a: SourcePosition | undefined, b: SourcePosition | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compareText(a.file, b.file) || a.line - b.line || a.column - b.column;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

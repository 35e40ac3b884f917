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
  readonly position?: SourceSpan;
}

/** A finding of a check that knows the document but not where it was written. */
export interface Finding {
  /** TEMPLATE_INVALID when absent. */
  readonly code?: ErrorCode;
  readonly path: string | readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
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

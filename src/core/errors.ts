import type { ErrorCode } from "./error-codes.ts";

/** A place in a text file; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ComposerErrorInit {
  /** One sentence: a thing to do. */
  readonly hint?: string;
  readonly cause?: unknown;
  readonly position?: SourcePosition;
  /** Further lines for a reader: the output of a failed program, a code frame, a conflict tree. */
  readonly details?: readonly string[];
}

/**
 * The one error class of expected failures; anything else that is thrown is a bug.
 *
 * The message reads "Cannot <verb> <object>: <state>", quotes values and has no final period.
 */
export class ComposerError extends Error {
  override readonly name = "ComposerError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly position: SourcePosition | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, init: ComposerErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.hint = init.hint;
    this.position = init.position;
    this.details = init.details ?? [];
  }
}

/** Tells whether `error` is a {@link ComposerError}, with one of `codes` when any are given. */
export function isComposerError(error: unknown, ...codes: readonly ErrorCode[]): error is ComposerError {
  return error instanceof ComposerError && (codes.length === 0 || codes.includes(error.code));
}

/** The words of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { type ComposerError, exitCodeOf, isComposerError, messageOf } from "../../core/index.ts";

/** Every kind of failure as the text of standard error and the exit code of the program. */
export interface RenderedError {
  readonly text: string;
  readonly exitCode: number;
}

/** Expected failures in their own words; anything else is a bug of ours, and its stack is shown. */
export function renderError(error: unknown): RenderedError {
  if (isComposerError(error)) return { text: renderComposerError(error), exitCode: exitCodeOf(error.code) };
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
  const lines = [`ERROR: ${messageOf(error)}`, "", stack, "hint: This is a bug in os-image-composer; please report it"];
  return { text: `${lines.join("\n")}\n`, exitCode: 1 };
}

function renderComposerError({ message, position, details, hint, cause }: ComposerError): string {
  // Details of template errors show each place themselves.
  const place = position === undefined || details.length > 0 ? [] : [placeOf(position)];
  return `${[
    `ERROR: ${message}`,
    ...place,
    ...causesOf(cause).map((text) => `  because: ${text}`),
    ...(details.length === 0 ? [] : ["", ...details, ...(hint === undefined ? [] : [""])]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ].join("\n")}\n`;
}

function placeOf({ file, line, column }: NonNullable<ComposerError["position"]>): string {
  return `  at ${file}:${line}:${column}`;
}

/** The messages of expected failures that led to this one. Other causes are only for debugging. */
function causesOf(cause: unknown): string[] {
  return isComposerError(cause) ? [cause.message, ...causesOf(cause.cause)] : [];
}

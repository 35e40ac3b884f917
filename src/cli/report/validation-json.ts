import { type Issue, type MergedTemplate, redactTemplate } from "../../config/index.ts";

export interface Validation {
  readonly file: string;
  readonly errors: readonly Issue[];
  /** Warnings, and what cannot be built yet. */
  readonly others: readonly Issue[];
  /** Absent when there are errors. */
  readonly merged?: MergedTemplate;
}

/**
 * The answer of `validate --json`.
 *
 * `{file, valid, findings: [{severity, code, path, message, expected?, didYouMean?, hint?, file?, line?, column?,
 * length?}], merged?}`; severity is `error`, `warning`, or `unsupported` for what `build` refuses.
 */
export function validationJson({ file, errors, others, merged }: Validation): string {
  const answer = {
    file,
    valid: errors.length === 0,
    findings: [...errors.map((issue) => findingOf(issue, "error")), ...others.map((issue) => findingOf(issue))],
    ...(merged === undefined ? {} : { merged: redactTemplate(merged.template) }),
  };
  return JSON.stringify(answer, null, 2);
}

function findingOf({ position, severity, ...issue }: Issue, kind?: "error"): object {
  return { severity: kind ?? severity ?? "unsupported", ...issue, ...position };
}

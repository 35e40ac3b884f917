import { ComposerError, type ErrorCode } from "../../core/index.ts";
import { type Issue, compareIssues } from "./issue.ts";
import type { SourceSpan } from "./positions.ts";

/** How many issues are shown; more would not be read. */
const MAX_SHOWN = 50;
const MAX_LINE_COLUMNS = 160;

/** The texts that code frames are cut from, secrets masked, by the file name of their positions. */
export type SourceTexts = ReadonlyMap<string, string>;

/** Every issue in the order of files and lines: a line with its place, a code frame, and what to do. */
export function formatIssues(issues: readonly Issue[], sources: SourceTexts): string[] {
  const sorted = [...issues].sort(compareIssues);
  const lines = sorted
    .slice(0, MAX_SHOWN)
    .flatMap((issue, index) => [...(index === 0 ? [] : [""]), ...formatIssue(issue, sources)]);
  const rest = sorted.length - MAX_SHOWN;
  return rest > 0 ? [...lines, "", `... and ${rest} more`] : lines;
}

/** A {@link ComposerError} that was made of issues: its details show them, `issues` has them as data, sorted. */
export class IssuesError extends ComposerError {
  readonly issues: readonly Issue[];

  /** Warnings, and what could not be built either. */
  readonly others: readonly Issue[];

  /**
   * @param what for example `template "edge.yml"`
   * @param others issues that don't count, but are shown
   */
  constructor(what: string, issues: readonly Issue[], sources: SourceTexts, others: readonly Issue[] = []) {
    const sorted = [...issues].sort(compareIssues);
    const position = sorted[0]?.position;
    const count = issues.length === 1 ? "1 error" : `${issues.length} errors`;
    super(commonCode(issues), `Cannot use ${what}: ${count} found`, {
      details: [
        ...formatIssues(sorted, sources),
        ...(others.length === 0 ? [] : ["", ...formatIssues(others, sources)]),
      ],
      ...(position === undefined ? {} : { position: positionOf(position) }),
    });
    this.issues = sorted;
    this.others = others.toSorted(compareIssues);
  }
}

/** A line for people: message, what was expected, what was meant. */
export function issueText({ path, message, expected, didYouMean }: Issue): string {
  const subject =
    path === "" || message.startsWith("unknown key") || message.startsWith("missing key") ? "" : `${path}: `;
  const right = expected === undefined || didYouMean !== undefined ? "" : `; expected ${expected}`;
  const meant = didYouMean === undefined ? "" : `; did you mean "${didYouMean}"?`;
  return `${subject}${message}${right}${meant}`;
}

function formatIssue(issue: Issue, sources: SourceTexts): string[] {
  const { position, hint, severity } = issue;
  const place = position === undefined ? "" : `${position.file}:${position.line}:${position.column}: `;
  const frame = position === undefined ? [] : codeFrame(position, sources.get(position.file));
  return [
    printable(`${place}${severity === undefined ? "" : `${severity}: `}${issueText(issue)}`),
    ...frame,
    ...(hint === undefined ? [] : [`  hint: ${printable(hint)}`]),
  ];
}

/** The line before, the line, and carets under the span. */
export function codeFrame(span: SourceSpan, text: string | undefined): string[] {
  if (text === undefined) return [];
  const lines = text.split(/\r?\n/, span.line);
  const line = lines[span.line - 1];
  if (line === undefined) return [];
  const digits = String(span.line).length;
  const gutter = (number: number | undefined): string => `  ${String(number ?? "").padStart(digits)} |`;
  const before = lines[span.line - 2];
  const indent = printable(line.slice(0, span.column - 1)).replaceAll(/[^\t]/g, " ");
  const room = Math.max(1, Math.min(line.length, MAX_LINE_COLUMNS) - span.column + 1);
  const isShown = span.column <= MAX_LINE_COLUMNS;
  return [
    ...(before === undefined ? [] : [`${gutter(span.line - 1)} ${shorten(before)}`.trimEnd()]),
    `${gutter(span.line)} ${shorten(line)}`.trimEnd(),
    ...(isShown ? [`${gutter(undefined)} ${indent}${"^".repeat(Math.min(span.length, room))}`] : []),
  ];
}

function shorten(line: string): string {
  const text = printable(line);
  return text.length > MAX_LINE_COLUMNS ? `${text.slice(0, MAX_LINE_COLUMNS)}…` : text;
}

/** A hostile file must not write to the terminal through its error message. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
}

function commonCode(issues: readonly Issue[]): ErrorCode {
  const codes = new Set(issues.map((issue) => issue.code));
  const [only] = codes;
  if (codes.size === 1 && only !== undefined) return only;
  return codes.has("CONFIG_INVALID") ? "CONFIG_INVALID" : "TEMPLATE_INVALID";
}

function positionOf({ file, line, column }: SourceSpan): { file: string; line: number; column: number } {
  return { file, line, column };
}

import type { SourcePosition } from "../../core/index.ts";

/** ` (file:line:column)`, or nothing. */
export function formatPosition(position: SourcePosition | undefined): string {
  return position === undefined ? "" : ` (${position.file}:${position.line}:${position.column})`;
}

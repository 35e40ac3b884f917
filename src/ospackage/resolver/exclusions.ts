import { globMatcher, type SourcePosition } from "../../core/index.ts";
import { formatPosition } from "./format-position.ts";

/** Where the template excludes packages. */
export interface ExclusionLine {
  /** A name or a glob. */
  readonly text: string;
  readonly position?: SourcePosition;
}

/** The lines that exclude a name. */
export function linesAbout(name: string, exclude: readonly ExclusionLine[]): readonly ExclusionLine[] {
  return exclude.filter(({ text }) => globMatcher(text)(name));
}

/** The lines as a person finds them: `"gnome-*" (image.yml:12:7)`. */
export function formatExclusions(lines: readonly ExclusionLine[]): string {
  return lines.map(({ text, position }) => `"${text}"${formatPosition(position)}`).join(" and ");
}

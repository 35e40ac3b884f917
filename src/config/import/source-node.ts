import type { DocumentPath, Place, SourceSpan } from "../document/index.ts";
import { isSecretKey } from "../document/index.ts";

/** A value of a foreign document with the place where it was written, before it means anything. */
export type SourceNode =
  | { readonly kind: "mapping"; readonly entries: readonly SourceEntry[]; readonly span: SourceSpan }
  | { readonly kind: "list"; readonly items: readonly SourceNode[]; readonly span: SourceSpan }
  | { readonly kind: "text"; readonly text: string; readonly span: SourceSpan }
  | { readonly kind: "number"; readonly written: string; readonly span: SourceSpan }
  | { readonly kind: "truth"; readonly isTrue: boolean; readonly span: SourceSpan }
  | { readonly kind: "null"; readonly span: SourceSpan };

export interface SourceEntry {
  readonly key: string;
  readonly keySpan: SourceSpan;
  readonly node: SourceNode;
}

/** Where a value stands in its document. */
export interface Spot {
  readonly path: DocumentPath;
  /** Absent for the items of a list, and for the root. */
  readonly keySpan?: SourceSpan;
  readonly node: SourceNode;
}

export function placeOf({ keySpan, node }: Spot): Place {
  return keySpan === undefined ? { value: node.span } : { key: keySpan, value: node.span };
}

const SHOWN_LENGTH = 60;

/** A value in one short line; undefined where there is nothing to show; never a secret. */
export function shownValue({ path, node }: Spot): string | undefined {
  if (path.some((part) => typeof part === "string" && isSecretKey(part))) return "(not shown)";
  return node.kind === "mapping" || node.kind === "list" ? shownContainer(node) : shownScalar(node);
}

function shownContainer(node: Extract<SourceNode, { kind: "mapping" | "list" }>): string | undefined {
  if (node.kind === "mapping") return node.entries.length === 0 ? "{}" : undefined;
  const items = node.items.map(shownScalar);
  const text = items.includes(undefined) ? "" : `[${items.join(", ")}]`;
  return text === "" || text.length > SHOWN_LENGTH ? `a list of ${items.length}` : text;
}

function shownScalar(node: SourceNode): string | undefined {
  switch (node.kind) {
    case "text":
      return JSON.stringify(node.text.length > SHOWN_LENGTH ? `${node.text.slice(0, SHOWN_LENGTH)}…` : node.text);
    case "number":
      return node.written.slice(0, SHOWN_LENGTH);
    case "truth":
      return String(node.isTrue);
    case "null":
      return "null";
    default:
      return undefined;
  }
}

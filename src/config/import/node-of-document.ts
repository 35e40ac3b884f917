import { type Place, type Positions, type SourceSpan, entryOf, isList, isMapping } from "../document/index.ts";
import type { SourceNode } from "./source-node.ts";

/** The nodes of a parsed YAML document. */
export function nodeOfDocument(root: unknown, positions: Positions, file: string): SourceNode {
  const start: SourceSpan = { file, line: 1, column: 1, length: 1 };
  const nodeOf = (value: unknown, place: Place): SourceNode => {
    const span = place.value;
    if (isMapping(value)) {
      const entries = Object.keys(value).map((key) => {
        const at = positions.placeOf(value, key) ?? place;
        return { key, keySpan: at.key ?? at.value, node: nodeOf(entryOf(value, key), at) };
      });
      return { kind: "mapping", entries, span };
    }
    if (isList(value)) {
      return {
        kind: "list",
        items: value.map((item, index) => nodeOf(item, positions.placeOf(value, index) ?? place)),
        span,
      };
    }
    if (typeof value === "string") return { kind: "text", text: value, span };
    if (typeof value === "number") return { kind: "number", written: place.written ?? String(value), span };
    return typeof value === "boolean" ? { kind: "truth", isTrue: value, span } : { kind: "null", span };
  };
  return nodeOf(root, { value: start });
}

import type { SourcePosition } from "../../core/index.ts";
import type { DocumentPath } from "./document-path.ts";

/** A place in a file that covers `length` characters of its line. */
export interface SourceSpan extends SourcePosition {
  readonly length: number;
}

/** Where an entry of a mapping or a list was written. */
export interface Place {
  /** Absent for the items of a list. */
  readonly key?: SourceSpan;
  readonly value: SourceSpan;
  /** How an unquoted scalar was written, for example `1.0` where the value is 1. */
  readonly written?: string;
}

export type Mapping = Readonly<Record<string, unknown>>;
export type Container = Mapping | readonly unknown[];

/**
 * Remembers for every entry of every container where it was written.
 *
 * Keyed by the identity of the containers: whoever makes a new document out of parts of others keeps the positions
 * of the parts for nothing, and records those of the containers that it makes.
 */
export class Positions {
  readonly #places = new WeakMap<object, Map<string | number, Place>>();
  readonly #roots = new WeakMap<object, SourceSpan>();

  record(container: Container, key: string | number, place: Place | undefined): void {
    if (place === undefined) return;
    const places = this.#places.get(container) ?? new Map<string | number, Place>();
    this.#places.set(container, places.set(key, place));
  }

  recordRoot(container: Container, span: SourceSpan | undefined): void {
    if (span !== undefined) this.#roots.set(container, span);
  }

  rootOf(container: Container): SourceSpan | undefined {
    return this.#roots.get(container);
  }

  placeOf(container: Container, key: string | number): Place | undefined {
    return this.#places.get(container)?.get(key);
  }

  /** The span of the key or the value at `path` below `root`; of the nearest ancestor when nothing is there. */
  find(root: unknown, path: DocumentPath, part: "key" | "value" = "value"): SourceSpan | undefined {
    let span = isContainer(root) ? this.#roots.get(root) : undefined;
    let current = root;
    for (const [depth, key] of path.entries()) {
      if (!isContainer(current)) break;
      const place = this.placeOf(current, key);
      if (place === undefined) {
        if (entryOf(current, key) === undefined) break;
      } else {
        const exact = depth === path.length - 1;
        span = exact && part === "value" ? place.value : (place.key ?? place.value);
      }
      current = entryOf(current, key);
    }
    return span;
  }
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

/** An own entry of a container, or undefined. */
export function entryOf(container: Container, key: string | number): unknown {
  if (isList(container)) return typeof key === "number" ? container[key] : undefined;
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

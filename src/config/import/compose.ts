import type { Place, Positions } from "../document/index.ts";
import { type Spot, placeOf } from "./source-node.ts";

/** A value of the template and the place in the imported file that it comes from. */
export interface Placed<T> {
  readonly value: T;
  readonly place: Place;
}

type Entries = Readonly<Record<string, Placed<unknown> | undefined>>;
type ValueOf<P> = P extends Placed<infer T> ? T : never;

/** The mapping that {@link Composition.mapping} makes: entries that may be undefined are optional keys. */
export type Composed<E> = {
  [K in keyof E as undefined extends E[K] ? never : K]: ValueOf<E[K]>;
} & {
  [K in keyof E as undefined extends E[K] ? K : never]?: ValueOf<Exclude<E[K], undefined>>;
};

/** Makes containers whose entries know where in the imported file they come from. */
export interface Composition {
  /** Undefined entries are left out. */
  readonly mapping: <E extends Entries>(spot: Spot, entries: E) => Placed<Composed<E>>;
  /** The same; undefined when every entry is. */
  readonly mappingOfAny: <E extends Entries>(spot: Spot, entries: E) => Placed<Composed<E>> | undefined;
  readonly list: <T>(spot: Spot, items: readonly Placed<T>[]) => Placed<T[]>;
  /** The same; undefined for no items. */
  readonly listOfAny: <T>(spot: Spot | undefined, items: readonly Placed<T>[]) => Placed<T[]> | undefined;
}

export function placed<T>(value: T, spot: Spot): Placed<T> {
  return { value, place: placeOf(spot) };
}

export function createComposition(positions: Positions): Composition {
  const mapping: Composition["mapping"] = (spot, entries) => {
    const present = Object.entries(entries).flatMap(([key, entry]) =>
      entry === undefined ? [] : [[key, entry] as const],
    );
    const value = Object.fromEntries(present.map(([key, entry]) => [key, entry.value]));
    for (const [key, entry] of present) positions.record(value, key, entry.place);
    return { value: value as Composed<typeof entries>, place: placeOf(spot) };
  };
  const list: Composition["list"] = (spot, items) => {
    const value = items.map((item) => item.value);
    for (const [index, item] of items.entries()) positions.record(value, index, item.place);
    return { value, place: placeOf(spot) };
  };
  return {
    mapping,
    mappingOfAny: (spot, entries) =>
      Object.values(entries).every((entry) => entry === undefined) ? undefined : mapping(spot, entries),
    list,
    listOfAny: (spot, items) => {
      const [first] = items;
      if (first === undefined) return undefined;
      const made = list(spot ?? { path: [], node: { kind: "null", span: first.place.value } }, items);
      return spot === undefined ? { value: made.value, place: first.place } : made;
    },
  };
}

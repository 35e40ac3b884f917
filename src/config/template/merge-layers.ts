import { type Container, type Mapping, type Place, type Positions, isList, isMapping } from "../document/index.ts";

/** A value with the place where it was written. */
export interface Located {
  readonly value: unknown;
  readonly place: Place | undefined;
}

/** Joins what two layers say about the same thing; both have it. */
export type MergeRule = (parent: Located, child: Located, positions: Positions) => Located;

/** The child's value, unless it is an empty text. */
export const override: MergeRule = (parent, child) => (child.value === "" ? parent : child);

/** The child's value, whatever it is. */
export const replace: MergeRule = (_parent, child) => child;

/** The child's list, unless it is empty. */
export const replaceUnlessEmpty: MergeRule = (parent, child) =>
  isList(child.value) && child.value.length === 0 ? parent : child;

/** Every field by its rule, by {@link override} when none is named; the parent's fields first, then what the child adds. */
export function fields(rules: Readonly<Record<string, MergeRule>> = {}): MergeRule {
  return (parent, child, positions) => {
    if (!isMapping(parent.value) || !isMapping(child.value)) return child;
    const keys = new Set([...Object.keys(parent.value), ...Object.keys(child.value)]);
    const merged: [string, Located][] = [];
    for (const key of keys) {
      const fromParent = fieldOf(parent.value, key, positions);
      const fromChild = fieldOf(child.value, key, positions);
      const rule = Object.hasOwn(rules, key) ? (rules[key] ?? override) : override;
      const field = fromParent && fromChild ? rule(fromParent, fromChild, positions) : (fromChild ?? fromParent);
      if (field !== undefined) merged.push([key, field]);
    }
    return { value: mappingOf(merged, positions), place: child.place ?? parent.place };
  };
}

/** Both lists in order, each text once; what both have counts as the child's word. */
export const union: MergeRule = (parent, child, positions) => {
  const added = new Map(itemsOf(child, positions).map((item) => [item.value, item]));
  const items = new Map<unknown, Located>();
  for (const item of itemsOf(parent, positions)) items.set(item.value, added.get(item.value) ?? item);
  for (const [value, item] of added) items.set(value, item);
  return { value: listOf([...items.values()], positions), place: child.place ?? parent.place };
};

/** The parent's items, then the child's. */
export const concatenate: MergeRule = (parent, child, positions) => ({
  value: listOf([...itemsOf(parent, positions), ...itemsOf(child, positions)], positions),
  place: child.place ?? parent.place,
});

/** Items with the same key are joined by `rule` where the parent has them; new ones follow in the child's order. */
export function byKey(keyOf: (item: Mapping) => string, rule: MergeRule): MergeRule {
  return (parent, child, positions) => {
    const items = itemsOf(parent, positions);
    const indexOf = new Map(items.map(({ value }, index) => [isMapping(value) ? keyOf(value) : undefined, index]));
    for (const item of itemsOf(child, positions)) {
      const index = isMapping(item.value) ? indexOf.get(keyOf(item.value)) : undefined;
      const earlier = index === undefined ? undefined : items[index];
      if (index === undefined || earlier === undefined) items.push(item);
      else items[index] = rule(earlier, item, positions);
    }
    return { value: listOf(items, positions), place: child.place ?? parent.place };
  };
}

/** The list without the items that `isLeftOut` names; undefined stays undefined. */
export function without(
  list: Located | undefined,
  isLeftOut: (item: unknown) => boolean,
  positions: Positions,
): Located | undefined {
  if (list === undefined || !isList(list.value)) return list;
  const kept = itemsOf(list, positions).filter(({ value }) => !isLeftOut(value));
  return kept.length === list.value.length ? list : { value: listOf(kept, positions), place: list.place };
}

/** The mapping with some fields changed; a field that becomes undefined goes. */
export function withFields(
  mapping: Located,
  changes: Readonly<Record<string, (field: Located | undefined) => Located | undefined>>,
  positions: Positions,
): Located {
  const { value } = mapping;
  if (!isMapping(value)) return mapping;
  const entries = Object.keys(value).flatMap((key): [string, Located][] => {
    const field = fieldOf(value, key, positions);
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
    const changed = change === undefined ? field : change(field);
    return changed === undefined ? [] : [[key, changed]];
  });
  return { value: mappingOf(entries, positions), place: mapping.place };
}

export function fieldOf(mapping: Mapping, key: string, positions: Positions): Located | undefined {
  if (!Object.hasOwn(mapping, key)) return undefined;
  return { value: mapping[key], place: positions.placeOf(mapping, key) };
}

export function itemsOf(list: Located, positions: Positions): Located[] {
  const { value } = list;
  if (!isList(value)) return [];
  return value.map((item, index) => ({ value: item, place: positions.placeOf(value, index) }));
}

export function mappingOf(entries: readonly (readonly [string, Located])[], positions: Positions): Container {
  const mapping: Container = Object.fromEntries(entries.map(([key, { value }]) => [key, value]));
  for (const [key, { place }] of entries) positions.record(mapping, key, place);
  return mapping;
}

export function listOf(items: readonly Located[], positions: Positions): Container {
  const list = items.map(({ value }) => value);
  for (const [index, { place }] of items.entries()) positions.record(list, index, place);
  return list;
}

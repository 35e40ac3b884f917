import {
  type DocumentPath,
  type Issue,
  type JsonSchema,
  type Mapping,
  type Positions,
  checkSchema,
  entryOf,
  formatPath,
  isContainer,
  isList,
  isMapping,
  parsePath,
} from "../document/index.ts";

/** Each round goes one level up; a document that needs more has thousands of mistakes. */
const MAX_ROUNDS = 16;

/**
 * Leaves out what a schema refuses, so that the rest can be checked for its meaning in the same run.
 *
 * A value of the wrong kind goes by itself; a mapping that lacks a required key goes as a whole, and so on upwards. Only
 * the root stays, whatever it lacks; of a document with thousands of mistakes nothing does. `pruned` says what went.
 */
export function pruneInvalid(
  root: Mapping,
  schema: JsonSchema,
  issues: readonly Issue[],
  positions: Positions,
): { readonly value: Mapping; readonly pruned: readonly DocumentPath[] } {
  const pruned: DocumentPath[] = [];
  let value = root;
  let refused = issues;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const places = refused.map(({ path }) => placeToPrune(value, parsePath(path))).filter(({ length }) => length > 0);
    if (places.length === 0) return { value, pruned };
    pruned.push(...places);
    const without = prune(value, [], new Set(places.map(formatPath)), positions);
    value = isMapping(without) ? without : {};
    positions.recordRoot(value, positions.rootOf(root));
    refused = checkSchema(value, schema, "TEMPLATE_INVALID", positions);
  }
  return { value: {}, pruned: [[]] };
}

/** The value itself; for a key that is missing, the mapping that lacks it. */
function placeToPrune(root: unknown, path: DocumentPath): DocumentPath {
  const value = path.reduce<unknown>((from, key) => (isContainer(from) ? entryOf(from, key) : undefined), root);
  return value === undefined ? path.slice(0, -1) : path;
}

function prune(value: unknown, path: DocumentPath, places: ReadonlySet<string>, positions: Positions): unknown {
  if (!isContainer(value)) return value;
  const isLeftOut = (key: string | number): boolean => places.has(formatPath([...path, key]));
  if (isList(value)) {
    const list: unknown[] = [];
    for (const [index, item] of value.entries()) {
      if (isLeftOut(index)) continue;
      const length = list.push(prune(item, [...path, index], places, positions));
      positions.record(list, length - 1, positions.placeOf(value, index));
    }
    return list;
  }
  const mapping: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (isLeftOut(key)) continue;
    Object.defineProperty(mapping, key, {
      value: prune(value[key], [...path, key], places, positions),
      enumerable: true,
      configurable: true,
      writable: true,
    });
    positions.record(mapping, key, positions.placeOf(value, key));
  }
  return mapping;
}

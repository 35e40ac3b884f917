import { type Mapping, type Positions, isList, isMapping } from "../document/index.ts";
import {
  type Located,
  type MergeRule,
  byKey,
  concatenate,
  fieldOf,
  fields,
  listOf,
  itemsOf,
  mappingOf,
  replace,
  replaceUnlessEmpty,
  union,
} from "./merge-layers.ts";

/** Joins two users of the same name: groups and keys add up, everything else is the child's when it says something. */
const mergeUser: MergeRule = (parent, child, positions) => {
  const merged = fields({ groups: union, sshAuthorizedKeys: union })(parent, child, positions);
  return setsHash(child.value) && isMapping(child.value) && !Object.hasOwn(child.value, "hash_algo")
    ? without(merged, "hash_algo", positions)
    : merged;
};

/** What the child says about a unit undoes what the parent said about it. */
const mergeServices: MergeRule = (parent, child, positions) => {
  const { value } = child;
  if (!isMapping(value) || !isMapping(parent.value)) return child;
  const named = new Set(Object.values(value).flatMap((units) => (isList(units) ? units : [])));
  const rest = Object.keys(parent.value).flatMap((key): [string, Located][] => {
    const units = isMapping(parent.value) ? fieldOf(parent.value, key, positions) : undefined;
    if (units === undefined) return [];
    const kept = itemsOf(units, positions).filter((unit) => !named.has(unit.value));
    return [[key, { value: listOf(kept, positions), place: units.place }]];
  });
  const undone = { value: mappingOf(rest, positions), place: parent.place };
  return fields({ enable: union, disable: union, mask: union })(undone, child, positions);
};

const TEMPLATE_RULE = fields({
  metadata: replace,
  image: fields(),
  target: replace,
  disk: fields({ artifacts: replaceUnlessEmpty, partitions: replaceUnlessEmpty }),
  systemConfig: fields({
    bootloader: fields(),
    immutability: fields(),
    users: byKey((user) => String(user["name"]), mergeUser),
    network: fields({ interfaces: replaceUnlessEmpty }),
    services: mergeServices,
    packages: union,
    additionalFiles: byKey((file) => String(file["final"]), replace),
    configurations: concatenate,
    kernel: fields({ packages: replaceUnlessEmpty }),
  }),
  packageRepositories: byKey(
    ({ codename, url, path }) => JSON.stringify([codename, url ?? null, path ?? null]),
    replace,
  ),
});

/**
 * Lays templates over each other, the later over the earlier ones; equal layers give an equal document.
 *
 * Works on checked documents whose variables are substituted. `metadata` and `variables` of the lower layers are left
 * out: they are about those files. The result's parts keep their positions.
 */
export function mergeTemplates(layers: readonly Mapping[], positions: Positions): Mapping {
  const located = layers.map((layer, index): Located => {
    const isTop = index === layers.length - 1;
    const kept = Object.keys(layer).filter((key) => key !== "variables" && (isTop || key !== "metadata"));
    const entries = kept.flatMap((key): [string, Located][] => {
      const field = fieldOf(layer, key, positions);
      return field === undefined ? [] : [[key, field]];
    });
    return { value: mappingOf(entries, positions), place: undefined };
  });
  const merged = located.reduce((parent, child) => TEMPLATE_RULE(parent, child, positions));
  const root = merged.value;
  if (!isMapping(root)) return {};
  const top = layers.at(-1);
  if (top !== undefined) positions.recordRoot(root, positions.rootOf(top));
  return root;
}

/** A crypt(5) hash begins with `$`; it carries its own algorithm. */
function setsHash(user: unknown): boolean {
  return isMapping(user) && typeof user["password"] === "string" && user["password"].startsWith("$");
}

function without(mapping: Located, key: string, positions: Positions): Located {
  const { value } = mapping;
  if (!isMapping(value)) return mapping;
  const entries = Object.keys(value).flatMap((name): [string, Located][] => {
    const field = name === key ? undefined : fieldOf(value, name, positions);
    return field === undefined ? [] : [[name, field]];
  });
  return { value: mappingOf(entries, positions), place: mapping.place };
}

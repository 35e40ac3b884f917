import { type Mapping, type Positions, isList, isMapping } from "../document/index.ts";
import { exclusionTest, packageNameOf } from "./exclude-packages.ts";
import {
  type Located,
  type MergeRule,
  byKey,
  concatenate,
  fieldOf,
  fields,
  mappingOf,
  replace,
  replaceUnlessEmpty,
  union,
  withFields,
  without,
} from "./merge-layers.ts";

/** Joins two users of the same name: groups and keys add up, everything else is the child's when it says something. */
const mergeUser: MergeRule = (parent, child, positions) => {
  const merged = fields({ groups: union, sshAuthorizedKeys: union })(parent, child, positions);
  return setsHash(child.value) && isMapping(child.value) && !Object.hasOwn(child.value, "hash_algo")
    ? withFields(merged, { hash_algo: () => undefined }, positions)
    : merged;
};

/** What the child says about a unit undoes what the parent said about it. */
const mergeServices: MergeRule = (parent, child, positions) => {
  if (!isMapping(child.value)) return child;
  const named = new Set<unknown>(Object.values(child.value).flatMap(textsIn));
  const undo = (units: Located | undefined): Located | undefined =>
    without(units, (unit) => named.has(unit), positions);
  const undone = withFields(parent, { enable: undo, disable: undo, mask: undo }, positions);
  return fields({ enable: union, disable: union, mask: union })(undone, child, positions);
};

const mergeSystem = fields({
  keyboard: replace,
  initramfs: fields(),
  bootloader: fields(),
  immutability: fields(),
  fde: replace,
  selinux: replace,
  groups: byKey((group) => String(group["name"]), fields()),
  users: byKey((user) => String(user["name"]), mergeUser),
  network: fields({ interfaces: replaceUnlessEmpty }),
  services: mergeServices,
  packages: union,
  excludePackages: union,
  packageFiles: fields(),
  additionalFiles: byKey((file) => String(file["final"]), replace),
  preInstallScripts: concatenate,
  postInstallScripts: concatenate,
  configurations: concatenate,
  kernel: fields({ packages: replaceUnlessEmpty }),
});

/** What the child excludes goes from the parent's packages; what it asks for, from the parent's exclusions. */
const mergeSystemWithExclusions: MergeRule = (parent, child, positions) => {
  if (!isMapping(child.value)) return child;
  const isExcluded = exclusionTest(textsIn(child.value["excludePackages"]));
  const kernel = child.value["kernel"];
  const asked = [...textsIn(child.value["packages"]), ...(isMapping(kernel) ? textsIn(kernel["packages"]) : [])];
  const names = new Set(asked.map(packageNameOf));
  const drop = (packages: Located | undefined): Located | undefined =>
    without(packages, (entry) => isExcluded(String(entry)), positions);
  const remaining = withFields(
    parent,
    {
      packages: drop,
      kernel: (field) => field && withFields(field, { packages: drop }, positions),
      excludePackages: (field) => without(field, (exclusion) => names.has(String(exclusion)), positions),
    },
    positions,
  );
  return mergeSystem(remaining, child, positions);
};

const TEMPLATE_RULE = fields({
  metadata: replace,
  image: fields(),
  target: replace,
  build: fields({ cache: fields() }),
  baseline: replace,
  overlayPolicy: replace,
  disk: fields({ selectionPolicy: fields(), artifacts: replaceUnlessEmpty, partitions: replaceUnlessEmpty }),
  systemConfig: mergeSystemWithExclusions,
  packageRepositories: byKey(
    ({ codename, url, path }) => JSON.stringify([codename, url ?? null, path ?? null]),
    replace,
  ),
});

/** About the file that they stand in, and not about the image. */
const OWN_TO_A_FILE = new Set(["variables", "extends", "sbomPackageMetadata"]);

/**
 * Lays templates over each other, the later over the earlier ones; equal layers give an equal document.
 *
 * Works on checked documents whose variables are substituted. What is about a file rather than the image is left out:
 * `variables` and `extends`, and the `metadata` of the lower layers. The result's parts keep their positions.
 */
export function mergeTemplates(layers: readonly Mapping[], positions: Positions): Mapping {
  const located = layers.map((layer, index): Located => {
    const isTop = index === layers.length - 1;
    const kept = Object.keys(layer).filter((key) => !OWN_TO_A_FILE.has(key) && (isTop || key !== "metadata"));
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

function textsIn(list: unknown): string[] {
  return isList(list) ? list.filter((item): item is string => typeof item === "string") : [];
}

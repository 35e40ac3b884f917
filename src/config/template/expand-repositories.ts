import { type Mapping, type Positions, isList, isMapping } from "../document/index.ts";
import { TRUSTED } from "./checks/check-repositories.ts";
import { type Located, fieldOf, itemsOf, listOf, mappingOf } from "./merge-layers.ts";
import { packageFamilyOf } from "./package-family.ts";
import type { ImageTemplate } from "./schema/index.ts";

/**
 * Turns the short form `repositories` into entries of `packageRepositories`, after those that are there.
 *
 * `baseurl` is the directory that holds the metadata, so for Debian's family this is a flat repository, suite `./`.
 */
export function expandRepositories(template: Mapping, positions: Positions): Mapping {
  const short = fieldOf(template, "repositories", positions);
  if (short === undefined || !isList(short.value)) return template;
  const { target } = template as Partial<ImageTemplate>;
  const isRpm = target !== undefined && packageFamilyOf(target) === "rpm";
  const long = fieldOf(template, "packageRepositories", positions);
  const expanded = itemsOf(short, positions).map((item) => expandRepository(item, isRpm, positions));
  const items = [...(long === undefined ? [] : itemsOf(long, positions)), ...expanded];
  const repositories: Located = { value: listOf(items, positions), place: long?.place ?? short.place };
  const others = Object.keys(template).flatMap((key): [string, Located][] => {
    const field =
      key === "repositories" || key === "packageRepositories" ? undefined : fieldOf(template, key, positions);
    return field === undefined ? [] : [[key, field]];
  });
  const root = mappingOf([...others, ["packageRepositories", repositories]], positions);
  positions.recordRoot(root, positions.rootOf(template));
  return root as Mapping;
}

function expandRepository(item: Located, isRpm: boolean, positions: Positions): Located {
  const { value } = item;
  if (!isMapping(value)) return item;
  const name = fieldOf(value, "name", positions);
  const check = fieldOf(value, "gpgcheck", positions);
  const key = check?.value === false ? { value: TRUSTED, place: check.place } : fieldOf(value, "gpgkey", positions);
  const entries: [string, Located | undefined][] = [
    ["codename", isRpm ? name : { value: "./", place: name?.place }],
    ["url", fieldOf(value, "baseurl", positions)],
    ["pkey", key],
  ];
  const present = entries.flatMap(([field, located]): [string, Located][] =>
    located === undefined ? [] : [[field, located]],
  );
  return { value: mappingOf(present, positions), place: item.place };
}

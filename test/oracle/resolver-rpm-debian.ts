import { compareCodeUnits } from "../../src/core/index.ts";
import { parseRelations, parseStanzas, type RepositoryIndex } from "../../src/ospackage/index.ts";
import type { RpmIndex } from "../../src/ospackage/rpm/index.ts";
import { parseRpmRelations } from "../../src/ospackage/rpm/rpm-relations.ts";
import { debianAsFileLists, debianAsPrimary } from "../fixtures/debian-as-primary.ts";
import type { MetadataTexts } from "./resolver-rpm-dnf.ts";
import { pick, seededRandom } from "./seeded-random.ts";

const LARGEST_SET = 12;

/**
 * Debian's packages as metadata of an rpm repository: as many as wanted, with most of what they depend on. They are in
 * the order of their file names, as createrepo_c has them.
 */
export function debianMetadata(packagesText: string, packageCount: number): MetadataTexts {
  const text = byFileName(largestPart(packagesText, packageCount));
  return { id: "debian", priority: 500, primary: debianAsPrimary(text), fileLists: debianAsFileLists(text) };
}

/** Stanzas of a Packages index: some at random and what they depend on, until there are enough. */
function largestPart(text: string, count: number): string {
  const blocks = text.split(/\n\n+/).filter((block) => block !== "");
  if (blocks.length <= count) return text;
  const blockOf = new Map<string, string>();
  const needsOf = new Map<string, readonly string[]>();
  for (const block of blocks) {
    const [stanza] = parseStanzas(`${block}\n`);
    const name = stanza?.get("Package") ?? "";
    if (blockOf.has(name)) continue;
    blockOf.set(name, block);
    const relations = parseRelations(
      [stanza?.get("Depends"), stanza?.get("Pre-Depends")].filter((field) => field !== undefined).join(", "),
    );
    needsOf.set(
      name,
      relations.flat().map((relation) => relation.name),
    );
  }
  const random = seededRandom(count);
  const names = [...blockOf.keys()];
  const chosen = new Set<string>();
  while (chosen.size < Math.min(count, names.length)) {
    const open = [pick(names, random)];
    for (let name = open.pop(); name !== undefined && chosen.size < count; name = open.pop()) {
      if (chosen.has(name) || !blockOf.has(name)) continue;
      chosen.add(name);
      open.push(...(needsOf.get(name) ?? []));
    }
  }
  return [...chosen].map((name) => `${blockOf.get(name)}\n`).join("\n");
}

function byFileName(text: string): string {
  const stanzas = text.split(/\n\n+/).filter((block) => block !== "");
  const fileName = (block: string): string => {
    const [stanza] = parseStanzas(`${block}\n`);
    return `${stanza?.get("Package")}-${stanza?.get("Version")?.replace(/^\d+:/, "")}`;
  };
  return stanzas
    .map((block) => ({ block, name: fileName(block) }))
    .sort((a, b) => compareCodeUnits(a.name, b.name))
    .map(({ block }) => `${block.trimEnd()}\n`)
    .join("\n");
}

/** Of three sets, one also has a package and a rival of it, or a version that nobody has. */
export function randomSets(
  repositories: readonly RepositoryIndex<RpmIndex>[],
  count: number,
): readonly (readonly string[])[] {
  const random = seededRandom(count);
  const packages = repositories.flatMap(({ index }) => [...index.names()].flatMap((name) => index.byName(name)));
  const names = new Set(packages.map(({ name }) => name));
  const rivals = packages.flatMap(({ name, conflicts }) =>
    parseRpmRelations(conflicts).flatMap((entry) =>
      entry.kind === "capability" && entry.operator === undefined && names.has(entry.name) ? [[name, entry.name]] : [],
    ),
  );
  return Array.from({ length: count }, (_, at) => {
    const chosen = Array.from({ length: 1 + random(LARGEST_SET) }, () => pick(packages, random).name);
    if (at % 3 === 0) chosen.push(...pick(rivals, random));
    if (at % 9 === 1) chosen.push(`${pick(packages, random).name} > 999:0`);
    return [...new Set(chosen)];
  });
}

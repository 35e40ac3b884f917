import { compareCodeUnits } from "../../../core/index.ts";
import type { PackageFacts } from "./explained-provider.ts";
import { type PackageSizes, type Solution, sizesOf } from "./solution.ts";

/** What is other in a second solution; sizes are those of the second less those of the first. */
export interface SolutionDifference extends PackageSizes {
  /** In code unit order of the names. */
  readonly added: readonly PackageFacts[];
  readonly removed: readonly PackageFacts[];
  /** Packages that are in both at different versions: `from` one `to` another. */
  readonly changed: readonly { readonly from: PackageFacts; readonly to: PackageFacts }[];
}

export function compareSolutions(before: Solution, after: Solution): SolutionDifference {
  const [old, fresh] = [before, after].map(sizesOf);
  const [oldFacts, freshFacts] = [factsByName(before), factsByName(after)];
  return {
    added: [...freshFacts.values()].filter(({ name }) => !oldFacts.has(name)),
    removed: [...oldFacts.values()].filter(({ name }) => !freshFacts.has(name)),
    changed: [...oldFacts.values()].flatMap((from) => {
      const to = freshFacts.get(from.name);
      return to === undefined || to.version === from.version ? [] : [{ from, to }];
    }),
    packages: (fresh?.packages ?? 0) - (old?.packages ?? 0),
    sizeBytes: (fresh?.sizeBytes ?? 0) - (old?.sizeBytes ?? 0),
    installedSizeBytes: (fresh?.installedSizeBytes ?? 0) - (old?.installedSizeBytes ?? 0),
  };
}

function factsByName({ provider, packages }: Solution): ReadonlyMap<string, PackageFacts> {
  const facts = [...packages].map((id) => provider.facts(id)).sort((a, b) => compareCodeUnits(a.name, b.name));
  return new Map(facts.map((found) => [found.name, found]));
}

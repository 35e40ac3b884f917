import type { PackageRequest, RepositoryIndex, RequirementId } from "../../src/ospackage/index.ts";
import { createDebProblem, type DebProblem } from "../../src/ospackage/resolver/deb-problem.ts";
import { resolveDeb } from "../../src/ospackage/resolver/resolve-deb.ts";

/** Where apt and we choose differently, both as designed. */
export type PreferenceRule =
  /** Several packages provide a name and nothing sets one above the others: apt takes the one that its cache numbers last, we the first by name. */
  | "equal providers"
  /** An alternative that came up anyway is taken by whoever meets it first: apt did. */
  | "apt met another alternative before"
  /** The same, the other way round. */
  | "we met another alternative before";

interface Choice {
  readonly rule: PreferenceRule;
  /** What has to be requested, or left out, for us to choose as apt did. */
  readonly request?: string;
  readonly exclude?: string;
}

export interface Comparison {
  readonly repository: RepositoryIndex;
  readonly requests: readonly string[];
  /** The names that apt installs. */
  readonly theirs: ReadonlySet<string>;
}

/**
 * The rules that explain the whole difference: with each choice that one of them covers made as apt made it, we install
 * exactly what apt does.
 *
 * @returns undefined when something is left that no rule covers
 */
export function explainDifference({
  repository,
  requests,
  theirs,
}: Comparison): ReadonlySet<PreferenceRule> | undefined {
  const rules = new Set<PreferenceRule>();
  const texts = [...requests];
  const exclude: string[] = [];
  for (let step = 0; step < 20; step += 1) {
    const asked = texts.map((text): PackageRequest => ({ text, origin: "oracle" }));
    const options = {
      repositories: [repository],
      architecture: "amd64",
      requests: asked,
      includeEssential: true,
      exclude: exclude.map((text) => ({ text })),
    };
    const ours = new Set(resolveDeb(options).packages.map((chosen) => chosen.package.name));
    if (ours.size === theirs.size && [...ours].every((name) => theirs.has(name))) return rules;
    const choice = firstChoice(createDebProblem(options), ours, theirs);
    if (choice === undefined) return undefined;
    rules.add(choice.rule);
    if (choice.request !== undefined) texts.push(choice.request);
    if (choice.exclude !== undefined) exclude.push(choice.exclude);
  }
  return undefined;
}

/** A requirement, of a package that both have, that is filled differently. */
interface Fork {
  readonly requirement: RequirementId;
  /** The filler of either side. */
  readonly our: string;
  readonly their: string;
}

function firstChoice(problem: DebProblem, ours: ReadonlySet<string>, theirs: ReadonlySet<string>): Choice | undefined {
  const forks = findForks(problem, ours, theirs);
  for (const { requirement, our, their } of forks) {
    if (!ours.has(their) && !theirs.has(our) && areEqualProviders(problem, requirement, our, their)) {
      return { rule: "equal providers", request: their };
    }
  }
  for (const { requirement, our, their } of forks) {
    // Ours is there for another reason as well, and so it fills this too; apt came by before it knew.
    if (!ours.has(their) && isNeededOtherwise(problem, ours, our, requirement)) {
      return { rule: "we met another alternative before", request: their };
    }
    if (!theirs.has(our) && isNeededOtherwise(problem, theirs, their, requirement)) {
      return { rule: "apt met another alternative before", exclude: our };
    }
  }
  return undefined;
}

function findForks(problem: DebProblem, ours: ReadonlySet<string>, theirs: ReadonlySet<string>): readonly Fork[] {
  const both = new Set([...ours].filter((name) => theirs.has(name)));
  return requirementsWithin(problem, both).flatMap((requirement) => {
    const candidates = namesOf(problem, requirement);
    const [our, their] = [fillerOf(candidates, ours, theirs), fillerOf(candidates, theirs, ours)];
    return our === undefined || their === undefined || our === their ? [] : [{ requirement, our, their }];
  });
}

/** What only this side has says more than what both have. */
function fillerOf(candidates: readonly string[], own: ReadonlySet<string>, other: ReadonlySet<string>) {
  const fillers = candidates.filter((name) => own.has(name));
  return fillers.find((name) => !other.has(name)) ?? fillers[0];
}

/** Both fill the same alternative by Provides alone, and have the same Priority field. */
function areEqualProviders({ provider }: DebProblem, requirement: RequirementId, a: string, b: string): boolean {
  const packageOf = (name: string) => {
    const id = provider.candidates(requirement).find((candidate) => nameIn(provider, candidate) === name);
    return id === undefined ? undefined : provider.pool.solvable(id).package;
  };
  return provider.alternativesOf(requirement).some((relation) => {
    const providers = provider.pool.matches(relation, "positive").map((id) => nameIn(provider, id));
    return (
      [a, b].every((name) => name !== relation.name && providers.includes(name)) &&
      packageOf(a)?.priority === packageOf(b)?.priority
    );
  });
}

/** Some requirement other than this one can be filled by nothing else that is installed, or has it as first choice. */
function isNeededOtherwise(
  problem: DebProblem,
  installed: ReadonlySet<string>,
  name: string,
  except: RequirementId,
): boolean {
  return requirementsWithin(problem, installed).some((requirement) => {
    if (requirement === except) return false;
    const candidates = namesOf(problem, requirement);
    return candidates.includes(name) && candidates.find((candidate) => installed.has(candidate)) === name;
  });
}

/** The requirements of packages, and the requests. */
function requirementsWithin({ provider, roots }: DebProblem, names: ReadonlySet<string>): readonly RequirementId[] {
  const ofPackages = [...names]
    .flatMap((name) => provider.pool.versionsOf(name).slice(0, 1))
    .flatMap((id) => provider.requirements(id));
  return [...new Set([...roots.map(({ requirement }) => requirement), ...ofPackages])];
}

function namesOf({ provider }: DebProblem, requirement: RequirementId): readonly string[] {
  return provider.candidates(requirement).map((id) => nameIn(provider, id));
}

function nameIn(provider: DebProblem["provider"], id: number): string {
  return provider.pool.solvable(id).package.name;
}

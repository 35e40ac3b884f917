import { isComposerError } from "../../src/core/index.ts";
import type { RepositoryIndex } from "../../src/ospackage/index.ts";
import type { RpmIndex, RpmPackage } from "../../src/ospackage/rpm/index.ts";
import { resolveRpm } from "../../src/ospackage/resolver/resolve-rpm.ts";
import { createRpmProblem, type ResolveRpmOptions, type RpmProblem } from "../../src/ospackage/resolver/rpm-problem.ts";
import type { RequirementId, SolvableId } from "../../src/ospackage/index.ts";
import type { DnfAnswer } from "./resolver-rpm-dnf.ts";

/** Where dnf and we choose differently, both as designed. */
export type RpmPreferenceRule =
  /** A request means a package at its newest version; dnf also takes what obsoletes older ones alone. */
  | "dnf takes what obsoletes an older version"
  /** Nothing sets one candidate above the other, and dnf came to the choice in another order. */
  | "ties in another order"
  /** Newest versions that exclude each other: which of them gives way. */
  | "another version gives way"
  /** What is recommended was looked at in another order, and something else was there already. */
  | "wishes in another order";

export interface RpmQuestion {
  readonly repositories: readonly RepositoryIndex<RpmIndex>[];
  readonly requests: readonly string[];
  readonly installWeak?: boolean;
  readonly exclude?: readonly string[];
}

function optionsOf({ repositories, requests, installWeak = false, exclude = [] }: RpmQuestion): ResolveRpmOptions {
  return {
    repositories,
    architecture: "x86_64",
    requests: requests.map((text) => ({ text, origin: "oracle" })),
    installWeak,
    exclude: exclude.map((text) => ({ text })),
  };
}

/** What we install; undefined when nothing fills all requests. */
export function chosenPackages(question: RpmQuestion): readonly RpmPackage[] | undefined {
  try {
    const result = resolveRpm(optionsOf(question));
    if (result.kind !== "answered") throw new Error(`file lists are needed for ${result.paths.join()}`);
    return result.answer.packages.map((resolved) => resolved.package);
  } catch (error) {
    if (isComposerError(error, "RESOLVER_UNSATISFIABLE") || isComposerError(error, "RESOLVER_UNKNOWN_PACKAGE")) {
      return undefined;
    }
    throw error;
  }
}

/** {@link chosenPackages} in dnf's words. */
export function ourAnswer(question: RpmQuestion): DnfAnswer {
  const chosen = chosenPackages(question);
  if (chosen === undefined) return { problem: "nothing fills all requests" };
  return { packages: chosen.map(({ name, version, architecture }) => `${name}-${version}.${architecture}`).sort() };
}

export function isSame(a: DnfAnswer, b: DnfAnswer): boolean {
  if ("problem" in a || "problem" in b) return "problem" in a && "problem" in b;
  return a.packages.join() === b.packages.join();
}

/** Steps of explaining one difference. */
const MAX_STEPS = 12;

/**
 * The rules that explain the whole difference: with each choice that one of them covers made as dnf made it, we install
 * exactly what dnf does.
 *
 * @returns undefined when something is left that no rule covers
 */
export function explainRpmDifference(
  question: RpmQuestion,
  theirs: DnfAnswer,
): ReadonlySet<RpmPreferenceRule> | undefined {
  const rules = new Set<RpmPreferenceRule>();
  if (!("packages" in theirs)) return undefined;
  let asked = question;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const ours = ourAnswer(asked);
    if (isSame(ours, theirs)) return rules;
    const problem = createRpmProblem(optionsOf(asked));
    const change = obsoletesOlder(asked, problem, theirs) ?? tieOf(asked, problem, ours, theirs);
    if (change === undefined) {
      if (!isSame(ourAnswer({ ...question, requests: theirs.packages }), theirs)) return undefined;
      return rules.add(question.installWeak === true ? "wishes in another order" : "another version gives way");
    }
    rules.add(change.rule);
    asked = { ...asked, ...change.instead };
  }
  return undefined;
}

interface Change {
  readonly rule: RpmPreferenceRule;
  readonly instead: Partial<RpmQuestion>;
}

type Packages = Extract<DnfAnswer, { readonly packages: readonly string[] }>;

/** A request that dnf fills by what obsoletes an older version of what it names. */
function obsoletesOlder({ requests }: RpmQuestion, { pool }: RpmProblem, theirs: Packages): Change | undefined {
  for (const request of requests) {
    const versions = pool.versionsOf(request);
    if (versions.some((id) => theirs.packages.includes(label(pool, id)))) continue;
    const obsoleter = versions
      .flatMap((id) => pool.obsoletersOf(id))
      .find((id) => theirs.packages.includes(label(pool, id)));
    if (obsoleter === undefined) continue;
    const { name, version } = pool.solvable(obsoleter).package;
    return {
      rule: "dnf takes what obsoletes an older version",
      instead: { requests: requests.map((other) => (other === request ? `${name} = ${version}` : other)) },
    };
  }
  return undefined;
}

/** A need of a package that both have, which is filled by one of several that are equally good. */
function tieOf(asked: RpmQuestion, problem: RpmProblem, ours: DnfAnswer, theirs: Packages): Change | undefined {
  if (!("packages" in ours)) return undefined;
  const { provider, pool, roots } = problem;
  const [own, other] = [new Set(ours.packages), new Set(theirs.packages)];
  const { requests, exclude = [] } = asked;
  const needs = [...own]
    .filter((name) => other.has(name))
    .flatMap((text) => solvablesCalled(pool, text))
    .flatMap((id) => provider.requirements(id));
  for (const requirement of new Set<RequirementId>([...roots.map((root) => root.requirement), ...needs])) {
    const candidates = provider.candidates(requirement);
    const [our] = candidates.filter((id) => own.has(label(pool, id)) && !other.has(label(pool, id)));
    const their = candidates.find((id) => other.has(label(pool, id)));
    if (our === undefined || their === undefined) continue;
    const best = candidates.find((id) => pool.solvable(id).package.name === pool.solvable(their).package.name);
    if (!pool.best([our, best ?? their]).includes(our)) continue;
    const rule = "ties in another order";
    const { name, version } = pool.solvable(their).package;
    const wanted = `${name} = ${version}`;
    if (own.has(label(pool, their)) || requests.includes(wanted)) {
      return { rule, instead: { exclude: [...exclude, pool.solvable(our).package.name] } };
    }
    return { rule, instead: { requests: [...requests, wanted] } };
  }
  return undefined;
}

function label(pool: RpmProblem["pool"], id: SolvableId): string {
  const { name, version, architecture } = pool.solvable(id).package;
  return `${name}-${version}.${architecture}`;
}

/** By the words of {@link label}. */
function solvablesCalled(pool: RpmProblem["pool"], text: string): readonly SolvableId[] {
  const [, name = ""] = /^(.+)-[^-]+-[^-]+$/.exec(text) ?? [];
  return pool.versionsOf(name).filter((id) => label(pool, id) === text);
}

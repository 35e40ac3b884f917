import { ComposerError, isGlob, nearestOf } from "../../../core/index.ts";
import type { PackageRequest } from "../package-request.ts";
import type { Problem } from "../problem.ts";
import type { SolvableId } from "../solver-provider.ts";
import { compareSolutions, type SolutionDifference } from "./compare-solutions.ts";
import type { PackageFacts } from "./explained-provider.ts";
import type { WhyNotAnswer } from "./package-questions.ts";
import { findSolution, type Solution } from "./solution.ts";
import { hiddenOffers, openingHint, withOffersOf } from "./hidden-offers.ts";
import { standsAgainst } from "./stands-against.ts";

export interface WhyNotContext {
  readonly problem: Problem;
  readonly solution: Solution;
}

type Answer = Omit<WhyNotAnswer, "asked">;

const NOTHING = { reasons: [], details: [], available: [] } as const;

/**
 * What keeps a package out of a solution.
 *
 * @param text as a template would ask for it: `nginx`, `nginx=1.26-1`, `nginx>=1.26`
 * @throws {USAGE} the words are a glob
 */
export function whyNot(text: string, context: WhyNotContext): WhyNotAnswer {
  if (isGlob(text)) {
    throw new ComposerError("USAGE", `Cannot explain "${text}": it may mean several packages`, {
      hint: "Name one package, for example nginx or nginx=1.26-1",
    });
  }
  const { problem, solution } = context;
  const { requirements, name } = problem.select(requestFor(text));
  const offered = requirements.flat();
  const named = offered.filter((id) => solution.provider.facts(id).name === name);
  // What provides the name is an answer only where nothing has it.
  const candidates = named.length > 0 ? named : offered;
  const installed = candidates.find((id) => solution.packages.has(id));
  if (installed !== undefined) return { asked: text, ...isInstalled(name, solution.provider.facts(installed)) };
  if (candidates.length > 0) return { asked: text, ...notChosen(text, name, candidates, context) };
  return { asked: text, ...notOffered(text, name, context) };
}

/** The question itself, as something to ask the solver for; nobody wrote it, so nobody can remove it. */
function requestFor(text: string): PackageRequest {
  return { text, origin: "the package" };
}

function isInstalled(name: string, installed: PackageFacts): Answer {
  const reasons = installed.name === name ? [] : [`${installed.name} provides ${name}`];
  return { ...NOTHING, verdict: "installed", installed, reasons };
}

/** Repositories offer it; either nothing wants it, or something stands against it. */
function notChosen(text: string, name: string, candidates: readonly SolvableId[], context: WhyNotContext): Answer {
  const { problem, solution } = context;
  const inPlace = inPlaceOf(name, solution);
  const attempt = tryWith(problem.again({ requests: [...problem.options.requests, requestFor(text)] }), solution);
  const available = candidates.map((id) => versionWithRepository(solution.provider.facts(id)));
  const facts = { ...NOTHING, available, ...(inPlace === undefined ? {} : { installed: inPlace }) };
  if ("answer" in attempt) return { ...facts, ...attempt.answer, verdict: "conflicts" };
  const chosenInstead = inPlace?.name === name ? [whyPreferred(inPlace, candidates, context)] : [];
  return {
    ...facts,
    verdict: chosenInstead.length > 0 ? "other-chosen" : "not-requested",
    reasons: [...chosenInstead, ...virtualReasons(name, candidates, solution), ...relationsTo(name, context)],
    effect: attempt.effect,
    hint: `Add "${text}" to systemConfig.packages`,
  };
}

const MAX_PROVIDERS = 8;

function virtualReasons(name: string, candidates: readonly SolvableId[], { provider }: Solution): readonly string[] {
  const names = [...new Set(candidates.map((id) => provider.facts(id).name))];
  if (names.includes(name)) return [];
  const more = names.length > MAX_PROVIDERS ? ` and ${names.length - MAX_PROVIDERS} more` : "";
  return [`no package is called ${name}; it is provided by ${names.slice(0, MAX_PROVIDERS).join(", ")}${more}`];
}

function inPlaceOf(name: string, { provider, packages }: Solution): PackageFacts | undefined {
  const facts = [...packages].map((id) => provider.facts(id));
  return facts.find((found) => found.name === name);
}

/** Why one version was taken instead of others. */
function whyPreferred(chosen: PackageFacts, candidates: readonly SolvableId[], { problem }: WhyNotContext): string {
  const { pool } = problem;
  const prioritiesOf = (version: string): readonly number[] =>
    pool
      .versionsOf(chosen.name)
      .map((id) => pool.solvable(id))
      .filter((found) => found.package.version === version)
      .map(({ repository }) => repository.source.priority);
  const [first] = candidates.map((id) => pool.solvable(id));
  const [chosenPriority = 0] = prioritiesOf(chosen.version);
  const label = `version ${chosen.version} from ${chosen.repository} was chosen`;
  if (first === undefined) return label;
  const { priority } = first.repository.source;
  if (chosenPriority > priority) return `${label}: its repository has priority ${chosenPriority}, not ${priority}`;
  if (pool.compareVersions(chosen.version, first.package.version) > 0) return `${label}, because it is newer`;
  return `${label}, because a line of the template or another package wants it`;
}

/** Chosen packages that would have taken it, and why they did not. */
function relationsTo(name: string, { problem, solution }: WhyNotContext): readonly string[] {
  const { provider } = problem;
  return [...solution.packages].flatMap((id) => {
    const dependent = provider.facts(id).name;
    const passedOver = provider.needs(id).flatMap(({ requirement, verb, kind }) => {
      if (kind === "wish" || !provider.namesIn(requirement).includes(name)) return [];
      const filler = solution.fillerOf(requirement);
      const taken = filler === undefined ? name : provider.facts(filler).name;
      if (taken === name) return [];
      return [
        `${dependent} ${verb.replace("pre-", "")} ${provider.requirementText(requirement)}, and ${taken} was chosen for it`,
      ];
    });
    const isOnlyRecommended = problem.options.installWeak !== true && provider.recommendedBy(id).includes(name);
    return [
      ...passedOver,
      ...(isOnlyRecommended ? [`${dependent} only recommends it; recommended packages are not installed`] : []),
    ];
  });
}

/** No candidate: the name, or the version, is not on offer. */
function notOffered(text: string, name: string, context: WhyNotContext): Answer {
  const { problem, solution } = context;
  const { pool, options } = problem;
  const hidden = hiddenOffers(name, problem);
  const offered = pool.versionsOf(name).map((id) => solution.provider.facts(id));
  const wantsVersion = name !== text;
  if (offered.length > 0) return otherVersions(text, name, offered, hidden, context);
  if (hidden.length > 0) {
    const attempt = tryWith(withOffersOf(name, requestFor(text), problem), solution);
    return {
      ...NOTHING,
      verdict: "kept-out",
      reasons: hidden,
      ...("answer" in attempt
        ? { details: ["Beside that, it would not fit:", ...attempt.answer.details] }
        : { effect: attempt.effect }),
      hint: openingHint(name, problem),
    };
  }
  const didYouMean = nearestOf(name, pool.names());
  const suggestion = didYouMean === undefined ? {} : { didYouMean, hint: `Did you mean "${didYouMean}"?` };
  const searched = options.repositories.map(({ source }) => source.id).join(", ");
  const what = wantsVersion ? `"${name}"` : "this name";
  return {
    ...NOTHING,
    verdict: "unknown",
    reasons: [`no package has or provides ${what} in ${searched}`],
    ...suggestion,
  };
}

function otherVersions(
  text: string,
  name: string,
  offered: readonly PackageFacts[],
  hidden: readonly string[],
  context: WhyNotContext,
): Answer {
  const [, wanted] = /(?:=|<<|>>|<|>|_)\s*([^\s=<>]+)$/.exec(text) ?? [];
  const order = (version: string): string => {
    if (wanted === undefined) return "";
    return context.problem.pool.compareVersions(version, wanted) < 0 ? ", older" : ", newer";
  };
  const installed = inPlaceOf(name, context.solution);
  const [nearest] = offered;
  return {
    ...NOTHING,
    verdict: "other-versions",
    ...(installed === undefined ? {} : { installed }),
    reasons: ["no repository has a version that fits", ...hidden],
    available: offered.map((facts) => `${versionWithRepository(facts)}${order(facts.version)}`),
    ...(nearest === undefined
      ? {}
      : { hint: `Ask for "${name}=${nearest.version}", or add a repository that has the version` }),
  };
}

type Attempt = { readonly effect: SolutionDifference } | { readonly answer: Pick<Answer, "details" | "hint"> };

/** Resolves once more: what would be other, or why it is impossible. */
function tryWith(problem: Problem, before: Solution): Attempt {
  if (problem.unknown.length > 0) return { answer: { details: ["No version on offer fits."] } };
  const result = findSolution(problem.provider, problem.roots);
  if ("solution" in result) return { effect: compareSolutions(before, result.solution) };
  return { answer: standsAgainst(result.core, problem) };
}

function versionWithRepository({ version, repository }: PackageFacts): string {
  return `${version} (${repository})`;
}

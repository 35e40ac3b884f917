import type { SolutionDifference } from "./compare-solutions.ts";
import type { PackageFacts } from "./explained-provider.ts";
import type { Savings } from "./line-savings.ts";
import type { Chains } from "./shortest-chains.ts";

/** A package that is there, and how it came. */
export interface WhyAnswer extends Chains {
  readonly package: PackageFacts;
}

export type WhyNotVerdict =
  /** It is there. */
  | "installed"
  /** No repository has the name. */
  | "unknown"
  /** A repository has it and may not give it. */
  | "kept-out"
  /** There are only other versions of it. */
  | "other-versions"
  /** It cannot be there beside the rest. */
  | "conflicts"
  /** Another version of it was chosen. */
  | "other-chosen"
  /** Nothing asks for it. */
  | "not-requested";

/** What keeps a package out. */
export interface WhyNotAnswer {
  readonly asked: string;
  readonly verdict: WhyNotVerdict;
  /** The package itself when it is there, or what is there in its place. */
  readonly installed?: PackageFacts;
  /** Sentences without a period. */
  readonly reasons: readonly string[];
  /** Lines of an explanation: the tree of a contradiction. */
  readonly details: readonly string[];
  /** The versions that repositories have, as far as they matter to the answer. */
  readonly available: readonly string[];
  /** A name that was probably meant. */
  readonly didYouMean?: string;
  /** What would be other if the package were asked for. */
  readonly effect?: SolutionDifference;
  /** What to do to get it, as a sentence without a period. */
  readonly hint?: string;
}

/** Answers about the choice of packages; both package families give them. */
export interface PackageQuestions {
  /** How a package came in; several answers when a virtual name is asked for, none when nothing has the name. */
  why(name: string): readonly WhyAnswer[];
  /** What removing each line of the template would save. */
  savings(): Savings;
  /** @throws {USAGE} the words are no single package */
  whyNot(text: string): WhyNotAnswer;
}

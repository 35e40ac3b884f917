import { readCapability, type RpmCapability } from "./rpm-capability.ts";

/** A relation that combines others, in parentheses. @see https://rpm-software-management.github.io/rpm/manual/boolean_dependencies.html */
export type RichDependency = { readonly kind: "rich"; readonly text: string } & (
  | {
      /** `with`: one package is all of the operands. */
      readonly operator: "and" | "or" | "with";
      readonly operands: readonly RpmRelation[];
    }
  | {
      /** A package is the first operand and is not the second. */
      readonly operator: "without";
      readonly operands: readonly [RpmRelation, RpmRelation];
    }
  | {
      readonly operator: "if" | "unless";
      readonly consequence: RpmRelation;
      readonly condition: RpmRelation;
      readonly otherwise: RpmRelation | undefined;
    }
);

/** A relation that nobody can read: nothing fills it. */
export interface MalformedRelation {
  readonly kind: "malformed";
  readonly text: string;
  readonly state: string;
}

export type RpmRelation = RpmCapability | RichDependency | MalformedRelation;

/** What rpm cannot read either. */
export class RichDependencyError extends Error {}

/** Deeper nesting than this is no dependency but an attack on the call stack. */
const MAX_DEPTH = 50;

/** The place in a text that is being read. */
interface Reading {
  readonly text: string;
  at: number;
}

/**
 * Reads a rich dependency.
 *
 * Where `if` and `unless` make little sense (within `or`, or in Conflicts) is rpmbuild's concern: a package that was
 * built is judged as at its installation.
 * @throws RichDependencyError in words for people
 */
export function parseRichDependency(text: string): RpmRelation {
  const reading: Reading = { text, at: 0 };
  const parsed = readGroup(reading, 0);
  skipWhite(reading);
  if (reading.at < text.length) throw new RichDependencyError("it goes on after its end");
  return parsed;
}

type Operator = "and" | "or" | "with" | "without" | "if" | "unless" | "else";

const OPERATORS: readonly string[] = ["and", "or", "with", "without", "if", "unless", "else"] satisfies Operator[];

function readGroup(reading: Reading, depth: number): RpmRelation {
  if (depth > MAX_DEPTH) throw new RichDependencyError("it is nested too deep");
  const start = reading.at;
  reading.at += 1;
  const operands = [readOperand(reading, depth)];
  const operators: Operator[] = [];
  for (skipWhite(reading); reading.text[reading.at] !== ")"; skipWhite(reading)) {
    operators.push(readOperator(reading));
    operands.push(readOperand(reading, depth));
  }
  reading.at += 1;
  const [only] = operands;
  if (operators.length === 0 && only !== undefined) return only;
  return combine(reading.text.slice(start, reading.at), operands, operators);
}

function readOperand(reading: Reading, depth: number): RpmRelation {
  skipWhite(reading);
  const { text, at } = reading;
  if (text[at] === "(") return readGroup(reading, depth + 1);
  if (text[at] === undefined) throw new RichDependencyError("it has no end");
  if (text[at] === ")") throw new RichDependencyError("an operand is missing");
  const words = [readWord(reading)];
  skipWhite(reading);
  const sign = /[<>=]+(?=[\s,])/y;
  sign.lastIndex = reading.at;
  const [operator] = sign.exec(text) ?? [];
  if (operator !== undefined) {
    reading.at += operator.length;
    skipWhite(reading);
    words.push(operator, readWord(reading));
  }
  const capability = readCapability(words.join(" "));
  if (capability === undefined) throw new RichDependencyError(`"${words.join(" ")}" is no capability`);
  return capability;
}

function readOperator(reading: Reading): Operator {
  if (reading.at >= reading.text.length) throw new RichDependencyError("it has no end");
  const word = readWord(reading);
  if (!OPERATORS.includes(word)) throw new RichDependencyError(`"${word}" is no operator`);
  return word as Operator;
}

/** Up to white space or the parenthesis that closes the group; those within a name count: `perl(Foo)`. */
function readWord(reading: Reading): string {
  const { text, at } = reading;
  let depth = 0;
  while (reading.at < text.length) {
    const character = text[reading.at] ?? "";
    if (isWhite(character)) break;
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (depth < 0) break;
    reading.at += 1;
  }
  return text.slice(at, reading.at);
}

function skipWhite(reading: Reading): void {
  while (isWhite(reading.text[reading.at] ?? "")) reading.at += 1;
}

function isWhite(character: string): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r" || character === ",";
}

function combine(text: string, operands: readonly RpmRelation[], operators: readonly Operator[]): RichDependency {
  const [operator, second] = operators;
  const [first, condition, otherwise] = operands;
  if (operator === undefined || first === undefined || condition === undefined) {
    throw new RichDependencyError("an operand is missing");
  }
  const kind = "rich";
  if (operator === "if" || operator === "unless") {
    if (operators.length === 1 || (operators.length === 2 && second === "else")) {
      return { kind, text, operator, consequence: first, condition, otherwise };
    }
    throw new RichDependencyError(`only "and", "or" and "with" can be chained`);
  }
  if (operator === "else") throw new RichDependencyError(`"else" needs an "if" or "unless" before it`);
  if (operators.some((other) => other !== operator)) throw new RichDependencyError("it mixes operators");
  if (operator !== "with" && operator !== "without") return { kind, text, operator, operands };
  if (!operands.every(isAboutOnePackage)) throw new RichDependencyError(`"${operator}" is about one package`);
  if (operator === "with") return { kind, text, operator, operands };
  if (operands.length > 2) throw new RichDependencyError(`only "and", "or" and "with" can be chained`);
  return { kind, text, operator, operands: [first, condition] };
}

/** Tells whether a relation can be asked about a single package. */
function isAboutOnePackage(relation: RpmRelation): boolean {
  if (relation.kind !== "rich") return true;
  return relation.operator !== "and" && relation.operator !== "if" && relation.operator !== "unless";
}

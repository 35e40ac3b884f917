import { compareEvrs, type RpmOperator } from "./compare-rpm-versions.ts";

/** Something that packages provide and need: a name, a path, or any other word, with bounds for its version. */
export interface RpmCapability {
  readonly kind: "capability";
  /** As the metadata has it. */
  readonly text: string;
  readonly name: string;
  /** Undefined, like `evr`, for any version. */
  readonly operator: RpmOperator | undefined;
  /** `[epoch:]version[-release]`. */
  readonly evr: string | undefined;
}

const OPERATORS: ReadonlyMap<string, RpmOperator> = new Map([
  ["<", "<"],
  ["<=", "<="],
  ["=<", "<="],
  ["=", "="],
  ["==", "="],
  [">=", ">="],
  ["=>", ">="],
  [">", ">"],
]);

/** `name`, or `name <op> evr`; undefined for anything else. */
export function readCapability(text: string): RpmCapability | undefined {
  const [name = "", sign, evr, ...more] = text.split(" ");
  if (name === "" || more.length > 0) return undefined;
  if (sign === undefined) return { kind: "capability", text, name, operator: undefined, evr: undefined };
  const operator = OPERATORS.get(sign);
  if (operator === undefined || evr === undefined || evr === "") return undefined;
  return { kind: "capability", text, name, operator, evr };
}

/**
 * Tells whether the versions that two capabilities of one name mean have one in common.
 *
 * One without a version means all. A bound without a release means every release of its version.
 * @see rpm's `rpmverOverlap`
 */
export function capabilitiesOverlap(a: RpmCapability, b: RpmCapability): boolean {
  if (a.operator === undefined || b.operator === undefined) return true;
  const [first, second] = [a.evr ?? "", b.evr ?? ""];
  const order = compareEvrs(first, second);
  if (order < 0) return reachesUp(a.operator) || reachesDown(b.operator);
  if (order > 0) return reachesDown(a.operator) || reachesUp(b.operator);
  const [hasRelease, otherHasRelease] = [first.includes("-"), second.includes("-")];
  if (hasRelease !== otherHasRelease && includesBound(hasRelease ? b.operator : a.operator)) return true;
  return (
    (includesBound(a.operator) && includesBound(b.operator)) ||
    (reachesDown(a.operator) && reachesDown(b.operator)) ||
    (reachesUp(a.operator) && reachesUp(b.operator))
  );
}

function reachesUp(operator: RpmOperator): boolean {
  return operator.startsWith(">");
}

function reachesDown(operator: RpmOperator): boolean {
  return operator.startsWith("<");
}

function includesBound(operator: RpmOperator): boolean {
  return operator.endsWith("=");
}

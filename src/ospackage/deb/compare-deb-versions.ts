export type DebOperator = "<<" | "<=" | "=" | ">=" | ">>";

/**
 * Orders Debian versions: negative when `a` is older than `b`, 0 when they are equal (`1.0` and `0:1.00-0` are).
 *
 * @see deb-version(7), "Sorting algorithm"
 */
export function compareDebVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [epochEndA, epochEndB] = [a.indexOf(":"), b.indexOf(":")];
  const epochs = compareParts(a, 0, Math.max(epochEndA, 0), b, 0, Math.max(epochEndB, 0));
  if (epochs !== 0) return epochs;
  const [revisionA, revisionB] = [revisionStart(a, epochEndA + 1), revisionStart(b, epochEndB + 1)];
  const upstream = compareParts(a, epochEndA + 1, revisionA, b, epochEndB + 1, revisionB);
  return upstream !== 0 ? upstream : compareParts(a, revisionA + 1, a.length, b, revisionB + 1, b.length);
}

/** Tells whether a version fulfils `operator version`, as relations have it. */
export function versionSatisfies(candidate: string, operator: DebOperator, version: string): boolean {
  const order = compareDebVersions(candidate, version);
  switch (operator) {
    case "<<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
  }
}

/** Where the hyphen before the revision is; the end when there is none. */
function revisionStart(version: string, from: number): number {
  const hyphen = version.lastIndexOf("-");
  return hyphen < from ? version.length : hyphen;
}

const ZERO = 0x30;
const NINE = 0x39;
const TILDE = 0x7e;

/** Compares a[fromA, toA) with b[fromB, toB): in turn the longest prefixes without digits, then numbers. */
function compareParts(a: string, fromA: number, toA: number, b: string, fromB: number, toB: number): number {
  let [atA, atB] = [fromA, fromB];
  while (atA < toA || atB < toB) {
    while (isNonDigit(a, atA, toA) || isNonDigit(b, atB, toB)) {
      const difference = orderAt(a, atA, toA) - orderAt(b, atB, toB);
      if (difference !== 0) return difference;
      atA += 1;
      atB += 1;
    }
    while (atA < toA && a.charCodeAt(atA) === ZERO) atA += 1;
    while (atB < toB && b.charCodeAt(atB) === ZERO) atB += 1;
    let firstDifference = 0;
    while (isDigit(a, atA, toA) && isDigit(b, atB, toB)) {
      if (firstDifference === 0) firstDifference = a.charCodeAt(atA) - b.charCodeAt(atB);
      atA += 1;
      atB += 1;
    }
    // More digits without leading zeros are a larger number.
    if (isDigit(a, atA, toA)) return 1;
    if (isDigit(b, atB, toB)) return -1;
    if (firstDifference !== 0) return firstDifference;
  }
  return 0;
}

function isDigit(text: string, at: number, end: number): boolean {
  if (at >= end) return false;
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= NINE;
}

function isNonDigit(text: string, at: number, end: number): boolean {
  return at < end && !isDigit(text, at, end);
}

/** Tilde before the end, the end (or a number) before letters, letters before everything else. */
function orderAt(text: string, at: number, end: number): number {
  if (at >= end || isDigit(text, at, end)) return 0;
  const code = text.charCodeAt(at);
  if (code === TILDE) return -1;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter ? code : code + 0x100;
}

/** `<` and its kin, as relations have them. */
export type RpmOperator = "<" | "<=" | "=" | ">=" | ">";

/** A version in its parts, or some of them: relations often name no release. */
export interface Evr {
  /** `0` when absent. */
  readonly epoch: string;
  readonly version: string;
  readonly release: string | undefined;
}

/** `[epoch:]version[-release]` in its parts. @see rpm(8) and rpm's `rpmverParse` */
export function parseEvr(text: string): Evr {
  const [, epoch, rest = ""] = /^(?:(\d*):)?(.*)$/s.exec(text) ?? [];
  const dash = rest.lastIndexOf("-");
  return {
    epoch: epoch === undefined || epoch === "" ? "0" : epoch,
    version: dash === -1 ? rest : rest.slice(0, dash),
    release: dash === -1 ? undefined : rest.slice(dash + 1),
  };
}

/** Orders two versions with epoch and release; a release counts only where both have one. */
export function compareEvrs(a: string, b: string): number {
  if (a === b) return 0;
  const [first, second] = [parseEvr(a), parseEvr(b)];
  const order = compareRpmVersions(first.epoch, second.epoch) || compareRpmVersions(first.version, second.version);
  if (order !== 0 || first.release === undefined || second.release === undefined) return order;
  return compareRpmVersions(first.release, second.release);
}

/**
 * Orders two versions, or two releases, as rpm does: -1, 0 or 1.
 *
 * Digits and letters alternate, anything else only parts them; `~` sorts before the end, `^` just behind it.
 * @see https://rpm-software-management.github.io/rpm/man/rpm-version.7
 */
export function compareRpmVersions(a: string, b: string): number {
  if (a === b) return 0;
  let [i, j] = [0, 0];
  for (;;) {
    i = skipSeparators(a, i);
    j = skipSeparators(b, j);
    const [first, second] = [a[i], b[j]];
    if (first === "~" || second === "~") {
      if (first !== "~") return 1;
      if (second !== "~") return -1;
      i += 1;
      j += 1;
      continue;
    }
    if (first === "^" || second === "^") {
      if (first === undefined) return -1;
      if (second === undefined) return 1;
      if (first !== "^") return 1;
      if (second !== "^") return -1;
      i += 1;
      j += 1;
      continue;
    }
    if (first === undefined || second === undefined) {
      return Number(first !== undefined) - Number(second !== undefined);
    }
    const isNumber = isDigit(first);
    // A number is newer than letters.
    if (isNumber !== isDigit(second)) return isNumber ? 1 : -1;
    const [endOfFirst, endOfSecond] = [endOfPart(a, i, isNumber), endOfPart(b, j, isNumber)];
    const order = isNumber
      ? compareNumbers(a.slice(i, endOfFirst), b.slice(j, endOfSecond))
      : compareTexts(a.slice(i, endOfFirst), b.slice(j, endOfSecond));
    if (order !== 0) return order;
    i = endOfFirst;
    j = endOfSecond;
  }
}

function skipSeparators(text: string, from: number): number {
  let at = from;
  for (let next = text[at]; next !== undefined && isSeparator(next); next = text[at]) at += 1;
  return at;
}

function endOfPart(text: string, from: number, isNumber: boolean): number {
  const inPart = isNumber ? isDigit : isLetter;
  let at = from;
  for (let next = text[at]; next !== undefined && inPart(next); next = text[at]) at += 1;
  return at;
}

function isSeparator(character: string): boolean {
  return !isDigit(character) && !isLetter(character) && character !== "~" && character !== "^";
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}

function isLetter(character: string): boolean {
  return (character >= "a" && character <= "z") || (character >= "A" && character <= "Z");
}

/** By value; numbers may be longer than any that JavaScript counts with. */
function compareNumbers(a: string, b: string): number {
  const [first, second] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return Math.sign(first.length - second.length) || compareTexts(first, second);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import { spdxLicenceOf } from "./spdx-licence-id.ts";

const OPERATORS = /^(AND|OR|WITH)$/i;

/**
 * What the License field of an rpm says, as an SPDX expression.
 *
 * Newer distributions write SPDX, older ones short names with `and` and `or`, which bind alike: `GPLv2+ and MIT`.
 *
 * @returns undefined for a field without words; names that SPDX has no identifier for become a `LicenseRef-`
 * @see https://docs.fedoraproject.org/en-US/legal/license-field/
 */
export function licenceOfRpm(field: string): string | undefined {
  const tokens = field.match(/[()]|[^\s()]+/g) ?? [];
  if (tokens.length === 0 || tokens.length > 1000) return undefined;
  const parts: string[] = [];
  let words: string[] = [];
  const closeName = (): void => {
    if (words.length > 0) parts.push(spdxLicenceOf(words.join(" ")));
    words = [];
  };
  for (const token of tokens) {
    const isOperator = OPERATORS.test(token) && !/^with$/i.test(token);
    if (!isOperator && token !== "(" && token !== ")") {
      words.push(token);
      continue;
    }
    closeName();
    parts.push(isOperator ? token.toUpperCase() : token);
  }
  closeName();
  const expression = parts.join(" ").replaceAll("( ", "(").replaceAll(" )", ")");
  return isBalanced(parts) ? expression : spdxLicenceOf(field);
}

/** Names and operators take turns, and every parenthesis is closed. */
function isBalanced(parts: readonly string[]): boolean {
  let depth = 0;
  let wantsName = true;
  for (const part of parts) {
    if (part === "(") {
      if (!wantsName) return false;
      depth += 1;
    } else if (part === ")") {
      if (wantsName || depth === 0) return false;
      depth -= 1;
    } else if (wantsName === OPERATORS.test(part)) {
      return false;
    } else {
      wantsName = !wantsName;
    }
  }
  return depth === 0 && !wantsName;
}

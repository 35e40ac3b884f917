import type { YAMLError } from "yaml";

type Words = readonly [message: string, hint?: string];

const BY_CODE: Readonly<Record<string, Words>> = {
  TAB_AS_INDENT: ["a tab is used for indentation", "YAML allows only spaces there"],
  BAD_INDENT: ["the indentation fits no block above", "Keys of one block start in the same column"],
  MULTIPLE_DOCS: ["a second document starts here", "A file holds one document: remove the line ---"],
  BAD_ALIAS: ["a text may not start with * here", "Quote the text"],
  MULTILINE_IMPLICIT_KEY: ["a key or value goes on in the next line", "Check quotes, brackets and indentation"],
  BLOCK_AS_IMPLICIT_KEY: ["a nested mapping is not possible in this line", 'Quote a text that contains ": "'],
  BLOCK_IN_FLOW: ["a block is not possible between brackets", "Write it in brackets, or all of it without"],
  BAD_SCALAR_START: ["a text may not start with this character", "Quote the text"],
  BAD_DQ_ESCAPE: ["unknown escape in a double-quoted text", "Write \\\\ for a backslash, or use single quotes"],
  KEY_OVER_1024_CHARS: ["a key is longer than 1024 characters", "Quotes or brackets may not be closed above"],
};

/** For codes that stand for several mistakes, by what the parser says. */
const BY_MESSAGE: readonly (readonly [RegExp, Words])[] = [
  [
    /^Flow .* must be .*indented/,
    ["a list or mapping in brackets is not closed before this line", "Add the missing ] or }"],
  ],
  [
    /^Missing closing .quote/,
    ["a quoted text does not end", "Add the closing quote; double a quote in a single-quoted text"],
  ],
  [/^Flow .* (must end with|to end with)/, ["a list or mapping in brackets is not closed", "Add the missing ] or }"]],
  [/^Implicit map keys need to be/, ["a key without a colon", 'Write "key: value"; indent the lines of a longer text']],
  [/^Unexpected .* at node end/, ["something follows the end of a value", "Put quotes around all of the text"]],
  [/^Block scalar header/, ["something follows | or >", "Begin the text in the next line, indented"]],
  [/^Missing , (between|or :)/, ["a comma is missing between brackets", "Put a comma between the items"]],
];

/** For lines that look like what was meant: the parser only sees a text that goes on where it should not. */
const BY_LINE: readonly (readonly [RegExp, Words])[] = [
  [/^[\w-]+:[^\s:/]/, ["a colon without a space after it", 'Write "key: value"']],
  [/^-[A-Za-z]/, ["a dash without a space after it", 'Write "- item"']],
];

/**
 * What is wrong with a text that is no YAML, in words of those who write it.
 *
 * @param line what stands at the place of the error, up to the end of the line
 */
export function wordsFor({ code, message }: YAMLError, line: string): Words {
  const likely = code === "MULTILINE_IMPLICIT_KEY" ? BY_LINE.find(([pattern]) => pattern.test(line))?.[1] : undefined;
  if (likely !== undefined) return likely;
  const words = BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? BY_CODE[code];
  return words ?? [`no valid YAML: ${lowerFirst(message.split("\n", 1)[0] ?? "")}`];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

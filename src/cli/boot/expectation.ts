/** Waits for a text on a serial line that comes in pieces. */
export interface Expectation {
  /** True as soon as the text has appeared in all that came so far. */
  add(chunk: Uint8Array): boolean;
  /** The last lines, without what only steers a terminal. */
  lastLines(): string[];
}

const LAST_LINES = 30;
/** More than any terminal sequence, which a piece may end within. */
const KEPT_LENGTH = 16 * 1024;

/** Matches `text` across pieces, and across the terminal sequences that programs colour their output with. */
export function createExpectation(text: string): Expectation {
  const decoder = new TextDecoder();
  let recent = "";
  return {
    add: (chunk) => {
      recent = (recent + decoder.decode(chunk, { stream: true })).slice(-(KEPT_LENGTH + text.length));
      return withoutSequences(recent).includes(text);
    },
    lastLines: () =>
      withoutSequences(recent)
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(-LAST_LINES),
  };
}

/** CSI and OSC sequences, other escapes, and every other control character than the line feed. @see ECMA-48 */
const SEQUENCES =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-Z\\^_()][0-9A-Za-z]?|[\u0000-\u0009\u000b-\u001f\u007f]/g;

/** What a terminal would show of a text, but for movements of the cursor. */
export function withoutSequences(text: string): string {
  return text.replace(SEQUENCES, "");
}

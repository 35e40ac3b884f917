/** Tab, line feed and carriage return are text; so is everything from U+00A0 on. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** What makes a reader see the characters around it in another order. @see https://www.unicode.org/reports/tr9/ */
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/;
/** What a reader takes for a space, or does not see at all; some scripts and emoji need them in texts. */
const INVISIBLE = /[\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028\u2029\u202f\u205f-\u2065\u206a-\u206f\u3000\ufeff]/;

/** The first character that makes a text or a key another one than it seems, in words. */
export function hiddenCharacterIn(value: string, kind: "text" | "key"): string | undefined {
  const control = CONTROL.exec(value)?.[0];
  if (control !== undefined) return `control character ${codePointOf(control)}`;
  const invisible = REORDERING.exec(value)?.[0] ?? (kind === "key" ? INVISIBLE.exec(value)?.[0] : undefined);
  return invisible === undefined ? undefined : `invisible character ${codePointOf(invisible)}`;
}

/** A text for messages, in which every such character is seen: `\u200b`. */
export function withVisibleCharacters(text: string): string {
  const all = new RegExp(`${CONTROL.source}|${REORDERING.source}|${INVISIBLE.source}`, "g");
  return text.replaceAll(all, (character) => `\\u${hexOf(character).toLowerCase()}`);
}

function codePointOf(character: string): string {
  return `U+${hexOf(character)}`;
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
}

const BEGIN_MESSAGE = "-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
const END_SIGNATURE = "-----END PGP SIGNATURE-----";

/** The parts of a cleartext signed message. */
export interface Cleartext {
  /** Without dash-escaping and trailing white space, lines ended by "\n": what the signature was made over. */
  readonly text: string;
  readonly armoredSignature: string;
}

/** A Release has a line for each of its files and digests: Debian's has 20,000. */
const MAX_LINES = 500_000;

/**
 * Takes a cleartext signed message apart, more strictly than the standard asks: exactly one message, nothing before or
 * after it, so that no reader can mistake unsigned text for signed text.
 *
 * @returns the parts, or what is wrong with the message
 * @see RFC 9580, section 7
 */
export function splitCleartext(message: string): Cleartext | string {
  const split = message.split("\n", MAX_LINES + 1);
  if (split.length > MAX_LINES) return `it has more than ${MAX_LINES} lines`;
  const lines = split.map((line) => line.replace(/[ \t\r]+$/, ""));
  if (lines[0] !== BEGIN_MESSAGE) return "there is something before its signed text";
  const headersEnd = lines.indexOf("");
  const headers = lines.slice(1, headersEnd === -1 ? lines.length : headersEnd);
  if (!headers.every((line) => /^Hash: [A-Za-z0-9, -]+$/.test(line)))
    return "its signed text has headers other than Hash";
  const textEnd = lines.indexOf(BEGIN_SIGNATURE);
  if (headersEnd === -1 || textEnd < headersEnd) return "it has no signature after its text";
  const end = lines.indexOf(END_SIGNATURE, textEnd);
  if (end === -1) return "its signature has no end";
  if (lines.slice(end + 1).some((line) => line !== "")) return "there is something after its signature";
  const body = lines.slice(headersEnd + 1, textEnd);
  if (body.some((line) => line.includes("\r"))) return "its text has carriage returns within lines";
  if (body.some((line) => line.startsWith("-") && !line.startsWith("- "))) return "its text is not dash-escaped";
  return {
    text: body.map((line) => (line.startsWith("- ") ? line.slice(2) : line)).join("\n"),
    armoredSignature: `${lines.slice(textEnd, end + 1).join("\n")}\n`,
  };
}

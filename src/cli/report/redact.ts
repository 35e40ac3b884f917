const REDACTED = "***";

/**
 * What looks like a secret, wherever it stands: the user part of an address, query members and options with telling
 * names, HTTP credentials, crypt(5) hashes and private keys.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>`]*@/gi, `$1${REDACTED}@`],
  [
    /([?&](?:[a-z0-9_-]*(?:token|signature|password|passwd|secret|credential|api[_-]?key)|sig|auth)=)[^&#\s"'`]*/gi,
    `$1${REDACTED}`,
  ],
  [/\b((?:proxy-)?authorization\s*[:=]\s*)(?:(?:basic|bearer|digest|token)\s+)?[^\s"',]+/gi, `$1${REDACTED}`],
  [/\b((?:password|passwd|secret|token)\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s"',;&#]+)/gi, `$1${REDACTED}`],
  [/\$(1|2[abxy]?|5|6|7|y|gy|sha1)\$[./A-Za-z0-9=,$*-]{8,}/g, `$$$1$$${REDACTED}`],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY(?: BLOCK)?)-----[\s\S]*?(?:-----END \1-----|$)/g, `-----BEGIN $1-----${REDACTED}`],
];

/** Replaces secrets by `***`: those in `known`, and what looks like one. Every text that leaves the program goes through here. */
export function redact(text: string, known: readonly string[] = []): string {
  const withoutKnown = known.reduce((rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, REDACTED)), text);
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), withoutKnown);
}

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Shows control characters as escapes such as `\n`, `\x1b` and `\u202e`, so that text from elsewhere can neither steer
 * a terminal, nor reverse its own reading direction, nor fake a line of the log.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    const short = { 9: "\\t", 10: "\\n", 13: "\\r" }[code];
    if (short !== undefined) return short;
    const hex = code.toString(16);
    return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
}

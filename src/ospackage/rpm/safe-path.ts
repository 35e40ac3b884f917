const MAX_LENGTH = 4096;

/**
 * True for a path that stays below the directory it is read from, and that stands for the same file on a disk and, once it
 * is escaped, in an address.
 *
 * `%` is a character like others: `a%2Bb` is the name of a file. But nothing that decodes it may get to another place.
 */
export function isSafeRelativePath(path: string): boolean {
  if (path === "" || path.length > MAX_LENGTH || path.startsWith("/") || path.endsWith("/")) return false;
  // A first part like "http:" would make it an address.
  if (/[\u0000-\u0020\u007f\\?#]|^[^/]*:\//.test(path) || climbs(path)) return false;
  return !path.includes("%") || staysWhenDecoded(path);
}

/** True for a path that is appended to an address as it is: every `%` in it has to begin an escaped character. */
export function isSafeReference(path: string): boolean {
  if (!isSafeRelativePath(path)) return false;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** True for an address that files of a repository may be below. */
export function isSafeBaseUrl(text: string): boolean {
  if (!/^(?:https?|file):\/\//.test(text) || /[\u0000-\u0020\u007f\\?#]/.test(text)) return false;
  return URL.canParse(text) && text.length <= MAX_LENGTH;
}

function staysWhenDecoded(path: string): boolean {
  if (/%(?:2f|5c|7f|[01][0-9a-f])/i.test(path)) return false;
  return !climbs(path.replaceAll(/%2e/gi, "."));
}

function climbs(path: string): boolean {
  return path.split("/").includes("..");
}

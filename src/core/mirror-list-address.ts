const PREFIX = "mirror+";

/** True for the address of a list of mirrors, in apt's spelling: `mirror+https://example.com/mirrorlist`. */
export function isMirrorList(url: string): boolean {
  return url.startsWith(PREFIX);
}

/** Where the list itself is. */
export function mirrorListUrl(url: string): string {
  return url.slice(PREFIX.length);
}

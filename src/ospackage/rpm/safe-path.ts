/** True for a path that stays below the directory it is read from, and means the same in an address and on a disk. */
export function isSafeRelativePath(path: string): boolean {
  if (path === "" || path.length > 4096 || path.startsWith("/") || path.endsWith("/")) return false;
  // A first part like "http:" would make it an address.
  return !/[\u0000-\u0020\u007f\\?#%]|^[^/]*:\//.test(path) && !path.split("/").includes("..");
}

/** True for an address that files of a repository may be below. */
export function isSafeBaseUrl(text: string): boolean {
  if (!/^(?:https?|file):\/\//.test(text) || /[\u0000-\u0020\u007f\\?#]/.test(text)) return false;
  return URL.canParse(text) && text.length <= 4096;
}

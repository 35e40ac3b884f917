/** An absolute path that means the same to every program: no `..`, no `//`, no `:` and no control characters. */
export function isCleanPath(path: string): boolean {
  if (!path.startsWith("/") || /[:\u0000-\u001f\u007f]/.test(path)) return false;
  if (path === "/") return true;
  const parts = path.slice(1).split("/");
  return parts.every((part) => part !== "" && part !== "." && part !== "..");
}

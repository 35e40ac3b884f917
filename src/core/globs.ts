/** The regular expression of a glob: `*`, `?` and `[…]`, `[!…]`; everything else stands for itself. */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replace(
    /\[(!?)([^\]]+)\]|[^]/g,
    (piece, negated: string | undefined, members: string | undefined) => {
      if (members !== undefined) return `[${negated === "!" ? "^" : ""}${members.replace(/[\\^[]/g, "\\$&")}]`;
      if (piece === "*") return ".*";
      if (piece === "?") return ".";
      return piece.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
    },
  );
  return new RegExp(`^${source}$`, "s");
}

export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

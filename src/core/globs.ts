/**
 * A test for the texts that a glob matches: `*`, `?` and `[…]`, `[!…]`; everything else stands for itself.
 *
 * Takes at most glob length × text length steps, whatever a hostile glob looks like.
 * @see glob(7)
 */
export function globMatcher(glob: string): (text: string) => boolean {
  const pieces = parseGlob(glob);
  return (text) => matches(pieces, Array.from(text));
}

export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Any number of characters, or one that a test accepts. */
type Piece = "*" | ((character: string) => boolean);

function parseGlob(glob: string): readonly Piece[] {
  return Array.from(glob.matchAll(/\[(!?)(\]?[^\]]*)\]|[^]/gu), ([piece, negated, members]): Piece => {
    if (members !== undefined && members !== "") {
      const isMember = memberTest(members);
      return negated === "!" ? (character) => !isMember(character) : isMember;
    }
    if (piece === "*") return "*";
    return piece === "?" ? () => true : (character) => character === piece;
  });
}

function memberTest(members: string): (character: string) => boolean {
  const ranges = Array.from(members.matchAll(/([^])-([^])|([^])/gu), ([, from, to, single = ""]) => [
    from ?? single,
    to ?? single,
  ]);
  return (character) => ranges.some(([from = "", to = ""]) => from <= character && character <= to);
}

/** Only the last `*` has to be tried again: what an earlier one could take, it can take, too. */
function matches(pieces: readonly Piece[], text: readonly string[]): boolean {
  let [at, pieceAt] = [0, 0];
  let star: { pieceAt: number; at: number } | undefined;
  while (at < text.length) {
    const piece = pieces[pieceAt];
    if (piece === "*") {
      star = { pieceAt: pieceAt + 1, at };
      pieceAt += 1;
    } else if (piece?.(text[at] ?? "") === true) {
      at += 1;
      pieceAt += 1;
    } else if (star === undefined) {
      return false;
    } else {
      star.at += 1;
      at = star.at;
      pieceAt = star.pieceAt;
    }
  }
  return pieces.slice(pieceAt).every((piece) => piece === "*");
}

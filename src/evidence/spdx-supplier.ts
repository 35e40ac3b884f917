/** Words in the names of groups, and places of mailing lists. */
const GROUP_NAME =
  /\b(team|group|maintainers?|developers?|packagers?|project|task ?force|committee|inc|gmbh|llc|ltd|corporation|foundation|company|release managers)\b/i;
const LIST_ADDRESS =
  /@(lists?\.|alioth-lists\.|packages\.debian\.org|tracker\.debian\.org|.*\.lists\.)|-(devel|maintainers?|team)@|^(team|maintainers?)[+@-]/i;

/**
 * A Maintainer field as SPDX names a supplier: `Organization: Debian Perl Group (list@…)` or `Person: Jane Doe (jane@…)`.
 *
 * Debian doesn't say which of them a maintainer is; the words of the name and the kind of the address tell.
 *
 * @see SPDX 2.3, section 7.5
 */
export function spdxSupplier(maintainer: string): string {
  const [, named, address] = /^\s*([^<]*?)\s*(?:<([^<>]*)>)?\s*$/.exec(maintainer) ?? [];
  const name = (named ?? "").replace(/^"(.*)"$/, "$1");
  const shown = name === "" ? (address ?? "") : name;
  if (shown === "") return "NOASSERTION";
  const kind = GROUP_NAME.test(name) || LIST_ADDRESS.test(address ?? "") ? "Organization" : "Person";
  return `${kind}: ${shown}${address === undefined || address === "" || name === "" ? "" : ` (${address})`}`;
}

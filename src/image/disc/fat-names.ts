import { ComposerError } from "../../core/index.ts";

/** The 11 bytes of a short name, and the long name where the short one does not say it all. */
export interface DirectoryName {
  readonly short: Buffer;
  readonly long: string | undefined;
}

const MAX_LONG_NAME = 255;
/** Besides letters and digits. @see Microsoft FAT specification, section 6.1 */
const SHORT_CHARACTERS = /^[A-Z0-9!#$%&'()@^_`{}~-]$/;

/**
 * The names of the entries of one directory, in order; aliases get `~1`, `~2` … as they come.
 *
 * @throws {IMAGE_PLAN_INVALID} a name that FAT cannot hold, or two that differ in case only
 * @see Microsoft FAT specification, sections 6 and 7
 */
export function planNames(names: readonly string[], directory: string): DirectoryName[] {
  names.forEach((name) => checkName(name, directory));
  const folded = new Map<string, string>();
  for (const name of names) {
    const other = folded.get(name.toUpperCase());
    if (other !== undefined) throw refused(directory, name, `"${other}" is the same name to FAT`);
    folded.set(name.toUpperCase(), name);
  }
  // Names that need no alias keep their own, whatever comes before them.
  const taken = new Set(names.filter(isShort).map((name) => shortBytes(...splitName(name)).toString("latin1")));
  return names.map((name) => {
    if (isShort(name)) return { short: shortBytes(...splitName(name)), long: undefined };
    const short = aliasOf(name, taken);
    taken.add(short.toString("latin1"));
    return { short, long: name };
  });
}

function checkName(name: string, directory: string): void {
  if (name === "" || name === "." || name === "..") throw refused(directory, name, "it is reserved");
  if (name.length > MAX_LONG_NAME) throw refused(directory, name, `it is longer than ${MAX_LONG_NAME} characters`);
  if (/[\p{Cc}"*/:<>?\\|]/u.test(name)) throw refused(directory, name, "it has a character that FAT forbids");
  if (/[ .]$/.test(name)) throw refused(directory, name, "it ends with a space or a period, which readers drop");
  if (!name.isWellFormed()) throw refused(directory, name, "it is no well-formed Unicode");
}

function isShort(name: string): boolean {
  const [base, extension, ...more] = name.split(".");
  return (
    more.length === 0 &&
    base !== undefined &&
    /^.{1,8}$/.test(base) &&
    (extension === undefined || /^.{1,3}$/.test(extension)) &&
    [...base, ...(extension ?? "")].every((character) => SHORT_CHARACTERS.test(character))
  );
}

function aliasOf(name: string, taken: ReadonlySet<string>): Buffer {
  const [base, extension] = splitName(name.toUpperCase().replace(/^\.+/, "").replaceAll(" ", ""));
  const [shortBase, shortExtension] = [replaceIllegal(base.replaceAll(".", "")), replaceIllegal(extension).slice(0, 3)];
  const plain = shortBytes(shortBase, shortExtension);
  const isFaithful = `${shortBase}${extension === "" ? "" : `.${shortExtension}`}` === name.toUpperCase();
  if (isFaithful && shortBase.length <= 8 && !taken.has(plain.toString("latin1"))) return plain;
  for (let number = 1; ; number += 1) {
    const tail = `~${number}`;
    const alias = shortBytes(shortBase.slice(0, 8 - tail.length) + tail, shortExtension);
    if (!taken.has(alias.toString("latin1"))) return alias;
  }
}

function replaceIllegal(text: string): string {
  return [...text].map((character) => (SHORT_CHARACTERS.test(character) ? character : "_")).join("");
}

/** Base and extension; the last period parts them. */
function splitName(name: string): [base: string, extension: string] {
  const period = name.lastIndexOf(".");
  return period === -1 ? [name, ""] : [name.slice(0, period), name.slice(period + 1)];
}

function shortBytes(base: string, extension: string): Buffer {
  return Buffer.from(base.slice(0, 8).padEnd(8) + extension.slice(0, 3).padEnd(3), "latin1");
}

function refused(directory: string, name: string, reason: string): ComposerError {
  return new ComposerError(
    "IMAGE_PLAN_INVALID",
    `Cannot put "${name}" into "${directory}" of a FAT file system: ${reason}`,
  );
}
